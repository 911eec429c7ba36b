//! A table whose cells can be heard: a confusion matrix that plays what was confused.

use maud::html;

use super::{Report, scroll_box};
use crate::MAX_CLIP_S;
use crate::base64::data_uri;
use crate::wav::first_seconds;

/// A cell of a [`Report::sound_table`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SoundCell {
    /// What stands in it: a count.
    pub text: String,
    /// How strongly it is coloured, 0 to 1; beyond that it is clipped.
    pub shade: f64,
    /// What is heard, in words, and the bytes of a WAV file; longer than [`MAX_CLIP_S`] it is cut.
    pub sound: Option<(String, Vec<u8>)>,
}

impl Report {
    /// A table of cells that can be heard. A cell with a sound opens at a click, or at Enter when it has the focus,
    /// and shows a player; the player begins at once where scripts are allowed, and the one opened before closes.
    ///
    /// ```
    /// use dlmir_eval::{Report, SoundCell};
    ///
    /// let sound = Some(("rock taken for pop: song 7".to_string(), b"RIFF....WAVE".to_vec()));
    /// let heard = SoundCell { text: "3".into(), shade: 0.3, sound };
    /// let silent = SoundCell { text: "0".into(), ..SoundCell::default() };
    /// let mut report = Report::new("Errors");
    /// report.sound_table("Rows: true", &["true", "pop", "rock"], &[("rock", vec![heard, silent])]);
    /// assert!(report.render()?.contains("<audio"));
    /// # Ok::<(), dlmir_eval::EvalError>(())
    /// ```
    ///
    /// # Panics
    /// If a row has not one cell for each column of the header but the first.
    #[track_caller]
    pub fn sound_table(
        &mut self,
        caption: &str,
        header: &[&str],
        rows: &[(impl AsRef<str>, Vec<SoundCell>)],
    ) {
        for (k, (_, cells)) in rows.iter().enumerate() {
            let (cells, columns) = (cells.len() + 1, header.len());
            assert!(
                cells == columns,
                "sound table: row {k} has {cells} cells, the header {columns}"
            );
        }
        self.sound_tables += 1;
        let group = format!("cells-{}", self.sound_tables);
        let label = self.caption_or_label(caption);
        let cell = |cell: &SoundCell| {
            let share = 45.0 * cell.shade.clamp(0.0, 1.0);
            let style = (share > 0.0).then(|| {
                format!("background: color-mix(in srgb, #0072b2 {share:.0}%, transparent)")
            });
            html! {
                td.number style=[style] {
                    @if let Some((words, wav)) = &cell.sound {
                        @let cut = first_seconds(wav, MAX_CLIP_S);
                        @let wav = cut.as_ref().map_or(&wav[..], |(cut, _)| cut);
                        details.cell name=(group) {
                            summary title=(words) { (cell.text) span.unseen { ": " (words) } }
                            audio controls preload="none" aria-label=(words) src=(data_uri("audio/wav", wav)) {}
                            span { (words) }
                        }
                    } @else { (cell.text) }
                }
            }
        };
        let table = html! {
            table.sounds {
                thead { tr { @for (k, name) in header.iter().enumerate() {
                    th scope="col" class=[(k > 0).then_some("number")] { (name) }
                } } }
                tbody { @for (name, cells) in rows { tr {
                    th scope="row" { (name.as_ref()) }
                    @for one in cells { (cell(one)) }
                } } }
            }
        };
        self.body.push(html! {
            figure {
                (scroll_box("table", &label, table))
                @if !caption.is_empty() { figcaption { (caption) } }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, sound: Option<&str>) -> SoundCell {
        let sound = sound.map(|words| (words.to_string(), b"RIFF....WAVE".to_vec()));
        SoundCell { text: text.into(), shade: 1.0, sound }
    }

    #[test]
    fn only_cells_with_a_sound_have_a_player_and_words_are_escaped() {
        let mut report = Report::new("t");
        assert!(!report.render().unwrap().contains("details.cell\""));
        let rows = [("a", vec![cell("1", None), cell("2", Some("<b> & c"))])];
        report.sound_table("", &["", "a", "b"], &rows);
        let page = report.render().unwrap();
        assert_eq!(page.matches("<audio").count(), 1);
        assert!(page.contains("&lt;b&gt; &amp; c") && page.contains("name=\"cells-1\""));
        assert!(page.contains("querySelectorAll(\"details.cell\")"), "the script is there");
    }

    #[test]
    #[should_panic(expected = "sound table: row 0 has 2 cells, the header 3")]
    fn rows_are_full() {
        Report::new("t").sound_table("", &["", "a", "b"], &[("a", vec![cell("1", None)])]);
    }
}
