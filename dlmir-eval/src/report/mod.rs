//! A report: one HTML file with text, tables, plots and sounds, to be read in any browser.

mod cells;

pub use cells::SoundCell;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::base64::data_uri;
use crate::plot::{Numbers, Svg};
use crate::wav::{first_seconds, wav_header};
use crate::{EvalError, write_atomically};

/// The largest report that [`Report::render`] makes, in bytes. A second of 16-bit mono sound at 22 050 Hz
/// takes 59 kB in it: 15 MB hold 50 clips of 5 s with room for plots.
pub const MAX_REPORT_BYTES: usize = 15_000_000;

/// The longest sound in a report, in seconds; longer WAV files are cut, and the page says so. Five seconds
/// are enough to know a recording again.
pub const MAX_CLIP_S: f64 = 5.0;

/// An HTML page in the making: what is added appears in the order of the calls.
///
/// The page needs no network and no other file: pictures and sounds are inside. It follows the reader's
/// choice of light or dark, fits a phone (plots shrink, what is still wider scrolls in its own box), has a
/// table of contents, and can be read by ear and used by keyboard. Below each plot the numbers that it
/// shows can be opened as a table. All text is escaped; only an [`Svg`] goes in as it is.
///
/// ```
/// use dlmir_eval::Report;
///
/// let mut report = Report::new("Music or speech?");
/// report.section("Result");
/// report.paragraph("Tested on 64 recordings that the network has not heard.");
/// report.table(&["model", "accuracy"], [["small CNN", "0.969"], ["always music", "0.500"]]);
/// let page = report.render()?;
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h2 id=\"section-1\""));
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    title: String,
    headings: Vec<Heading>,
    body: Vec<Markup>,
    /// Whether a sound was cut, and whether a picture follows a sound.
    has_cuts: bool,
    has_players: bool,
    /// How many tables can be heard.
    sound_tables: usize,
}

#[derive(Debug, Clone)]
struct Heading {
    /// 2 for a section, 3 for a subsection.
    level: usize,
    id: String,
    text: String,
}

impl Report {
    /// A page with a title and nothing else.
    pub fn new(title: impl Into<String>) -> Self {
        let (headings, body) = (Vec::new(), Vec::new());
        Self {
            title: title.into(),
            headings,
            body,
            has_cuts: false,
            has_players: false,
            sound_tables: 0,
        }
    }

    /// Starts a section. Sections and subsections make up the table of contents.
    pub fn section(&mut self, heading: &str) {
        let id = self.heading(2, heading);
        self.body.push(html! { h2 id=(id) { (heading) } });
    }

    /// Starts a subsection.
    pub fn subsection(&mut self, heading: &str) {
        let id = self.heading(3, heading);
        self.body.push(html! { h3 id=(id) { (heading) } });
    }

    fn heading(&mut self, level: usize, text: &str) -> String {
        let id = format!("section-{}", self.headings.len() + 1);
        self.headings.push(Heading { level, id: id.clone(), text: text.to_owned() });
        id
    }

    /// A paragraph of text.
    pub fn paragraph(&mut self, text: &str) {
        self.body.push(html! { p { (text) } });
    }

    /// A table: a header and rows of as many cells. The first column names the rows; cells that are numbers
    /// are aligned to the right.
    ///
    /// # Panics
    ///
    /// If a row has more or fewer cells than the header.
    #[track_caller]
    pub fn table<R, C>(&mut self, header: &[&str], rows: impl IntoIterator<Item = R>)
    where
        R: AsRef<[C]>,
        C: AsRef<str>,
    {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.as_ref().iter().map(|cell| cell.as_ref().to_owned()).collect())
            .collect();
        for (k, row) in rows.iter().enumerate() {
            let (cells, columns) = (row.len(), header.len());
            assert!(cells == columns, "table: row {k} has {cells} cells, the header {columns}");
        }
        self.body.push(scroll_box("table", &self.label("Table"), table_markup(header, &rows)));
    }

    /// A plot, with a caption below it, and below that the numbers that it shows, folded up.
    pub fn svg(&mut self, caption: &str, svg: &Svg) {
        let label = self.caption_or_label(caption);
        self.body.push(html! {
            figure {
                (scroll_box("plot", &label, PreEscaped(svg.as_str().to_owned())))
                @if !caption.is_empty() { figcaption { (caption) } }
                (self.numbers(&label, svg))
            }
        });
    }

    /// Plots of a sound with a player for it, as the bytes of a WAV file. While it plays, a cursor runs over
    /// those plots that have a time axis ([`spectrogram`](crate::plot::spectrogram()),
    /// [`waveform`](crate::plot::waveform()), [`timeline`](crate::plot::timeline())); a click into them
    /// seeks, and so do the arrow keys, Home and End once they have the focus (space: play and pause).
    /// `clip_start_s` is the place of the clip on their time axis, in seconds.
    ///
    /// Without scripts the player works by itself. What is longer than [`MAX_CLIP_S`] is cut.
    ///
    /// ```
    /// use dlmir_eval::Report;
    /// use dlmir_eval::plot::{TimeScale, Waveform, waveform};
    /// # let wav_file = b"RIFF....WAVE".to_vec();
    ///
    /// let (title, samples, sample_rate) = ("Clicks", &[0.0, 1.0, 0.0, 0.0][..], 4);
    /// let time = TimeScale::Seconds;
    /// let picture = waveform(&Waveform { title, samples, sample_rate, start_s: 0.0, time });
    /// let mut report = Report::new("A click");
    /// report.player("The click", &wav_file, 0.0, &[&picture]);
    /// assert!(report.render()?.contains("<audio"));
    /// # Ok::<(), dlmir_eval::EvalError>(())
    /// ```
    pub fn player(&mut self, label: &str, wav: &[u8], clip_start_s: f64, plots: &[&Svg]) {
        let seconds = wav_header(wav)
            .map_or(0.0, |h| f64::from(h.frames) / f64::from(h.sample_rate.max(1)))
            .min(MAX_CLIP_S);
        let sound = self.sound(label, wav);
        self.has_players |= !plots.is_empty();
        self.body.push(html! {
            figure.clip.player data-start=(clip_start_s) data-seconds=(seconds) {
                @for plot in plots {
                    (scroll_box("plot", label, PreEscaped(plot.as_str().to_owned())))
                }
                (sound)
                @for plot in plots { (self.numbers(label, plot)) }
            }
        });
    }

    /// A picture, as the bytes of a PNG file, with a caption below it that also stands for the picture where
    /// it can't be seen.
    pub fn image(&mut self, caption: &str, png: &[u8]) {
        let label = self.caption_or_label(caption);
        let picture = html! { img src=(data_uri("image/png", png)) alt=(caption); };
        self.body.push(html! {
            figure {
                (scroll_box("plot", &label, picture))
                @if !caption.is_empty() { figcaption { (caption) } }
            }
        });
    }

    /// A player for a sound, as the bytes of a WAV file. What is longer than [`MAX_CLIP_S`] is cut.
    pub fn audio(&mut self, label: &str, wav: &[u8]) {
        let sound = self.sound(label, wav);
        self.body.push(html! { figure.clip { (sound) } });
    }

    /// The name of a sound and its player.
    fn sound(&mut self, label: &str, wav: &[u8]) -> Markup {
        let cut = first_seconds(wav, MAX_CLIP_S);
        self.has_cuts |= cut.is_some();
        let (source, whole_s) = match &cut {
            Some((cut, whole_s)) => (data_uri("audio/wav", cut), Some(whole_s)),
            None => (data_uri("audio/wav", wav), None),
        };
        html! {
            figcaption {
                (label)
                @if let Some(whole_s) = whole_s {
                    " (the first " (MAX_CLIP_S) " s of " (format!("{whole_s:.1}")) " s)"
                }
            }
            audio controls preload="metadata" aria-label=(label) src=(source) {}
        }
    }

    /// The table of a plot, folded up.
    fn numbers(&self, label: &str, svg: &Svg) -> Markup {
        html! {
            @if let Some(Numbers { header, rows }) = svg.numbers() {
                details {
                    summary {
                        "Numbers"
                        @if svg.title().is_empty() { span.unseen { ": " (label) } }
                        @else { ": " (svg.title()) }
                    }
                    @let header: Vec<&str> = header.iter().map(String::as_str).collect();
                    (scroll_box("table", &format!("Numbers: {label}"), table_markup(&header, rows)))
                }
            }
        }
    }

    /// Text in a fixed-width font with its line breaks: code, a listing, a model summary.
    pub fn code(&mut self, text: &str) {
        let label = self.label("Listing");
        self.body.push(html! {
            pre.scroll tabindex="0" role="region" aria-label=(label) { code { (text) } }
        });
    }

    /// The whole page.
    ///
    /// # Errors
    ///
    /// [`EvalError::ReportTooLarge`] above [`MAX_REPORT_BYTES`].
    pub fn render(&self) -> Result<String, EvalError> {
        let page = self.page().into_string();
        if page.len() > MAX_REPORT_BYTES {
            return Err(EvalError::ReportTooLarge { bytes: page.len(), limit: MAX_REPORT_BYTES });
        }
        Ok(page)
    }

    /// Writes the page to a file, all of it or nothing (see [`write_atomically`]).
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render), and [`EvalError::Io`] if the file can't be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), EvalError> {
        write_atomically(path, self.render()?.as_bytes())
    }

    fn page(&self) -> Markup {
        // The policy lets the browser promise what we do: nothing is loaded from anywhere.
        const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
                              script-src 'unsafe-inline'; img-src data:; media-src data:";
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { (self.title) }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header { h1 { (self.title) } }
                    @if self.headings.len() > 1 { (self.contents()) }
                    main #content {
                        @for part in &self.body { (part) "\n" }
                        @if self.has_cuts {
                            p.quiet {
                                "Sounds on this page are cut to " (MAX_CLIP_S) " s, so that it can be sent around."
                            }
                        }
                        @if self.has_players {
                            p.quiet {
                                "A click into a picture above a player goes to that place; so do the arrow keys \
                                 when the picture has the focus, and the space bar plays."
                            }
                        }
                    }
                    @if self.has_players {
                        script { (PreEscaped(include_str!("player.js"))) }
                    }
                    @if self.sound_tables > 0 {
                        script { (PreEscaped(include_str!("cells.js"))) }
                    }
                }
            }
        }
    }

    /// Sections, each with the list of its subsections.
    fn contents(&self) -> Markup {
        let link = |heading: &Heading| html! { a href={ "#" (heading.id) } { (heading.text) } };
        let sections = self.headings.chunk_by(|_, next| next.level > 2);
        html! {
            nav aria-labelledby="contents" {
                h2 #contents { "Contents" }
                ol { @for section in sections {
                    li {
                        (link(&section[0]))
                        @if section.len() > 1 {
                            ol { @for below in &section[1..] { li { (link(below)) } } }
                        }
                    }
                } }
            }
        }
    }

    fn caption_or_label(&self, caption: &str) -> String {
        if caption.is_empty() { self.label("Figure") } else { caption.to_owned() }
    }

    /// What a screen reader calls a box that has no caption.
    fn label(&self, kind: &str) -> String {
        let heading = self.headings.last().map_or(&self.title, |heading| &heading.text);
        format!("{kind}: {heading}")
    }
}

/// A column of numbers has its name on the right as well.
fn table_markup(header: &[&str], rows: &[Vec<String>]) -> Markup {
    let numeric = |k: usize| !rows.is_empty() && rows.iter().all(|row| is_number(&row[k]));
    html! {
        table {
            thead { tr { @for (k, name) in header.iter().enumerate() {
                th scope="col" class=[numeric(k).then_some("number")] { (name) }
            } } }
            tbody { @for row in rows { tr { @for (k, cell) in row.iter().enumerate() {
                @let class = is_number(cell).then_some("number");
                @if k == 0 { th scope="row" class=[class] { (cell) } }
                @else { td class=[class] { (cell) } }
            } } } }
        }
    }
}

/// A box that scrolls if its content is wider than the screen, also by keyboard.
fn scroll_box(class: &str, label: &str, content: Markup) -> Markup {
    html! { div class={ "scroll " (class) } tabindex="0" role="region" aria-label=(label) { (content) } }
}

/// `0.97`, `-3`, `1e-3`, `97 %`, `0.912 [0.871, 0.948]`
fn is_number(cell: &str) -> bool {
    let first = cell.split(' ').next().unwrap_or_default();
    first.parse::<f64>().is_ok()
        && cell.chars().all(|c| c.is_ascii_digit() || " .,+-e%[]NaninfIN".contains(c))
}

#[cfg(test)]
mod tests;
