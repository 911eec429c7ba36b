// A cell that opens begins to play; one that closes is silent. Without this script the player has its own button.
"use strict";
for (const cell of document.querySelectorAll("details.cell")) {
  const audio = cell.querySelector("audio");
  cell.addEventListener("toggle", () => { if (cell.open) audio.play(); else audio.pause(); });
}
