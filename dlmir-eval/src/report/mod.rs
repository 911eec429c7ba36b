//! A report: one HTML file with text, tables, plots and sounds, to be read in any browser.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::base64::data_uri;
use crate::plot::Svg;
use crate::{EvalError, write_atomically};

/// The largest report that [`Report::render`] makes, in bytes. A second of 16-bit mono sound at 22 050 Hz
/// takes 59 kB in it: 15 MB hold 50 clips of 5 s with room for plots.
pub const MAX_REPORT_BYTES: usize = 15_000_000;

/// An HTML page in the making: what is added appears in the order of the calls.
///
/// The page needs no network and no other file: pictures and sounds are inside. It follows the reader's
/// choice of light or dark, fits a phone (what is wider scrolls in its own box), has a table of contents,
/// and can be read by ear and used by keyboard. All text is escaped; only an [`Svg`] goes in as it is.
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
        Self { title: title.into(), headings: Vec::new(), body: Vec::new() }
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
        // A column of numbers has its name on the right as well.
        let numeric = |k: usize| !rows.is_empty() && rows.iter().all(|row| is_number(&row[k]));
        self.body.push(html! {
            (scroll_box("table", &self.label("Table"), html! {
                table {
                    thead { tr { @for (k, name) in header.iter().enumerate() {
                        th scope="col" class=[numeric(k).then_some("number")] { (name) }
                    } } }
                    tbody { @for row in &rows { tr { @for (k, cell) in row.iter().enumerate() {
                        @let class = is_number(cell).then_some("number");
                        @if k == 0 { th scope="row" class=[class] { (cell) } }
                        @else { td class=[class] { (cell) } }
                    } } } }
                }
            }))
        });
    }

    /// A plot, with a caption below it.
    pub fn svg(&mut self, caption: &str, svg: &Svg) {
        self.figure(caption, PreEscaped(svg.as_str().to_owned()));
    }

    /// A picture, as the bytes of a PNG file, with a caption below it that also stands for the picture where
    /// it can't be seen.
    pub fn image(&mut self, caption: &str, png: &[u8]) {
        self.figure(caption, html! { img src=(data_uri("image/png", png)) alt=(caption); });
    }

    fn figure(&mut self, caption: &str, content: Markup) {
        let label = if caption.is_empty() { self.label("Figure") } else { caption.to_owned() };
        self.body.push(html! {
            figure {
                (scroll_box("", &label, content))
                @if !caption.is_empty() { figcaption { (caption) } }
            }
        });
    }

    /// A player for a sound, as the bytes of a WAV file. Long sounds are the caller's to cut: five seconds
    /// are enough to know a recording again.
    pub fn audio(&mut self, label: &str, wav: &[u8]) {
        self.body.push(html! {
            figure.clip {
                figcaption { (label) }
                audio controls preload="metadata" aria-label=(label) src=(data_uri("audio/wav", wav)) {}
            }
        });
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
        const POLICY: &str =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:";
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
                    main #content { @for part in &self.body { (part) "\n" } }
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

    /// What a screen reader calls a box that has no caption.
    fn label(&self, kind: &str) -> String {
        let heading = self.headings.last().map_or(&self.title, |heading| &heading.text);
        format!("{kind}: {heading}")
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
