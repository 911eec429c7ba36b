// Pictures of sound that follow the player below them: a cursor runs while it plays, a click seeks. Without
// this script the page still has its players.
"use strict";
for (const figure of document.querySelectorAll("figure.player")) {
  const audio = figure.querySelector("audio");
  const clipStart = Number(figure.dataset.start);
  const clipEnd = () => clipStart + (Number.isFinite(audio.duration) ? audio.duration : Number(figure.dataset.seconds));
  const now = () => clipStart + audio.currentTime;
  const seek = (time) => {
    audio.currentTime = Math.min(Math.max(time, clipStart), clipEnd()) - clipStart;
    show();
  };
  const views = [];

  for (const svg of figure.querySelectorAll("svg[data-time]")) {
    const [left, right, top, bottom, start, end] = svg.dataset.time.split(" ").map(Number);
    const line = (name) => {
      const it = document.createElementNS("http://www.w3.org/2000/svg", "line");
      it.setAttribute("class", name);
      it.setAttribute("y1", top);
      it.setAttribute("y2", bottom);
      svg.append(it);
      return it;
    };
    const lines = [line("cursor-edge"), line("cursor")];
    views.push((time) => {
      const x = left + (right - left) * Math.min(Math.max((time - start) / (end - start), 0), 1);
      for (const it of lines) { it.setAttribute("x1", x); it.setAttribute("x2", x); }
      svg.setAttribute("aria-valuenow", time.toFixed(2));
      svg.setAttribute("aria-valuetext", time.toFixed(1) + " seconds");
    });

    // For the keyboard and for those who listen, the picture is a slider.
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("role", "slider");
    svg.setAttribute("aria-valuemin", clipStart);
    svg.setAttribute("aria-valuemax", clipEnd().toFixed(2));
    svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const step = { ArrowLeft: -0.25, ArrowRight: 0.25, ArrowDown: -0.25, ArrowUp: 0.25, PageDown: -1, PageUp: 1 }[event.key];
      if (step) seek(now() + step);
      else if (event.key === "Home") seek(clipStart);
      else if (event.key === "End") seek(clipEnd());
      else if (event.key === " " || event.key === "Enter") { if (audio.paused) audio.play(); else audio.pause(); }
      else return;
      event.preventDefault();
    });
    svg.addEventListener("click", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      if (at.x < left || at.x > right || at.y < top || at.y > bottom) return;
      seek(start + (end - start) * (at.x - left) / (right - left));
    });
  }

  const show = () => { for (const view of views) view(now()); };
  const run = () => { show(); if (!audio.paused) requestAnimationFrame(run); };
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    run();
  });
  for (const name of ["timeupdate", "seeked", "pause", "loadedmetadata"]) audio.addEventListener(name, show);
  figure.classList.add("follows");
  show();
}
