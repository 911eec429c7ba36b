//! TensorBoard event files: curves, histograms, pictures, sounds and texts of a training run, to be looked
//! at while it runs with `tensorboard --logdir DIR`.
//!
//! An event file is a sequence of records (`record`), each a protocol buffer (`message`). It is only ever
//! appended to, one record in one write, so that a reader sees whole records and a killed run loses at most
//! the last. A run that goes on after a kill starts a new file in the same folder; TensorBoard reads the
//! files of a folder in the order of their names, which begin with the time.

mod histogram;
mod message;
mod projector;
mod reader;
mod record;

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use prost::Message;

pub use message::{
    Audio, Content, Dim, Event, Image, Metadata, Plugin, SessionLog, Shape, Summary, Tensor, Value,
    What,
};
pub use projector::{Embedding, write_projector};
pub use reader::EventReader;

use crate::{EvalError, png_image};

/// Writes one event file.
///
/// Tags name what is written, as `loss` or `weights/conv1`; what stands before a slash becomes a drawer in
/// TensorBoard. A series of values is one tag at rising steps (batches or epochs, as you like).
///
/// ```
/// use dlmir_eval::events::{EventReader, EventWriter};
///
/// let dir = std::env::temp_dir().join(format!("dlmir-doc-events-{}", std::process::id()));
/// let mut events = EventWriter::create(&dir, "dlmir")?;
/// events.scalar("loss", 1, 0.7)?;
/// events.scalar("loss", 2, 0.5)?;
/// events.text("about", 0, "A run of **two** epochs.")?;
///
/// let last_loss = EventReader::open(events.path())?
///     .filter_map(|event| event.ok()?.scalars().next().map(|(_, value)| value))
///     .last();
/// assert_eq!(last_loss, Some(0.5));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
pub struct EventWriter {
    path: PathBuf,
    file: File,
    clock: Box<dyn FnMut() -> f64 + Send>,
}

impl EventWriter {
    /// Starts a file `events.out.tfevents.SECONDS.NAME` in the folder `dir`, which is made if need be.
    /// `NAME` distinguishes writers (`dlmir` will do; TensorFlow puts the host's name here, we do not).
    /// If the file exists already, `.1`, `.2`, ... is added: no file is overwritten. But it is a new run,
    /// and TensorBoard does not show what earlier files of the folder hold.
    ///
    /// # Errors
    ///
    /// [`EvalError::Io`] if the folder or the file can't be made or written, as for all methods here.
    pub fn create(dir: impl AsRef<Path>, name: &str) -> Result<Self, EvalError> {
        Self::with_clock(dir, name, 0, seconds_since_1970)
    }

    /// As [`create`](Self::create), for a run that goes on after it was stopped: what earlier files of the
    /// folder hold for `first_step` and later ones is void, and TensorBoard drops it. So a run that repeats
    /// the steps since its last checkpoint shows each of them once.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    pub fn resume(dir: impl AsRef<Path>, name: &str, first_step: u64) -> Result<Self, EvalError> {
        Self::with_clock(dir, name, first_step, seconds_since_1970)
    }

    /// As [`resume`](Self::resume) (with `first_step` 0: as [`create`](Self::create)), with the time in
    /// seconds since 1970 taken from `clock`: a constant makes equal runs write equal files.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    pub fn with_clock(
        dir: impl AsRef<Path>,
        name: &str,
        first_step: u64,
        mut clock: impl FnMut() -> f64 + Send + 'static,
    ) -> Result<Self, EvalError> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir).map_err(EvalError::io(dir))?;
        let now = clock();
        let file_name = format!("events.out.tfevents.{:010}.{name}", now as u64);
        let (path, file) = new_file(dir, &file_name)?;
        let mut writer = Self { path, file, clock: Box::new(clock) };
        writer.append(now, 0, What::FileVersion("brain.Event:2".to_owned()))?;
        // The first start of a folder means nothing to TensorBoard, each later one voids what follows it.
        writer.append(now, first_step, What::SessionLog(SessionLog { status: 1 }))?;
        Ok(writer)
    }

    /// The file being written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A number, shown as a curve over the steps. Stored as `f32`.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    pub fn scalar(&mut self, tag: &str, step: u64, value: impl Into<f64>) -> Result<(), EvalError> {
        self.summary(step, Value::plain(tag, Content::Scalar(value.into() as f32)))
    }

    /// The distribution of the values, e.g. of a layer's weights or gradients, in 30 buckets between the
    /// smallest and the largest. NaN and infinities are left out.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    pub fn histogram(&mut self, tag: &str, step: u64, values: &[f32]) -> Result<(), EvalError> {
        let buckets = histogram::buckets(values);
        let tensor = Tensor::of_doubles(&[buckets.len() / 3, 3], buckets);
        self.summary(step, Value::tensor(tag, "histograms", tensor))
    }

    /// A picture, as the bytes of a PNG file.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotPng`] if it is none, otherwise see [`create`](Self::create).
    pub fn image(&mut self, tag: &str, step: u64, png: &[u8]) -> Result<(), EvalError> {
        let (width, height, channels) = png_image::header(png)?;
        let image = Image {
            height: height as i32,
            width: width as i32,
            colorspace: channels as i32,
            encoded: png.to_vec(),
        };
        self.summary(step, Value::plain(tag, Content::Image(image)))
    }

    /// A picture of pixels, row by row from the top, three bytes (red, green, blue) each:
    /// `[height, width, 3]`.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    ///
    /// # Panics
    ///
    /// If `rgb` does not hold three bytes for each of `width` x `height` pixels, or there are none.
    #[track_caller]
    pub fn image_rgb(
        &mut self,
        tag: &str,
        step: u64,
        (width, height): (usize, usize),
        rgb: &[u8],
    ) -> Result<(), EvalError> {
        self.image(tag, step, &png_image::encode_rgb(width, height, rgb))
    }

    /// A sound, as the bytes of a WAV file.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotWav`] if it is none, otherwise see [`create`](Self::create).
    pub fn audio(&mut self, tag: &str, step: u64, wav: &[u8]) -> Result<(), EvalError> {
        let header = crate::wav::wav_header(wav).ok_or(EvalError::NotWav)?;
        let audio = Audio {
            sample_rate: header.sample_rate as f32,
            channels: i64::from(header.channels),
            frames: i64::from(header.frames),
            encoded: wav.to_vec(),
            content_type: "audio/wav".to_owned(),
        };
        self.summary(step, Value::audio(tag, audio))
    }

    /// A text; TensorBoard renders it as Markdown.
    ///
    /// # Errors
    ///
    /// See [`create`](Self::create).
    pub fn text(&mut self, tag: &str, step: u64, markdown: &str) -> Result<(), EvalError> {
        self.summary(step, Value::tensor(tag, "text", Tensor::of_string(markdown)))
    }

    fn summary(&mut self, step: u64, value: Value) -> Result<(), EvalError> {
        let now = (self.clock)();
        self.append(now, step, What::Summary(Summary { value: vec![value] }))
    }

    fn append(&mut self, wall_time: f64, step: u64, what: What) -> Result<(), EvalError> {
        let event = Event { wall_time, step: step as i64, what: Some(what) };
        let record = record::frame(&event.encode_to_vec());
        self.file.write_all(&record).map_err(EvalError::io(&self.path))
    }
}

/// Makes the file `name`, or `name.1`, `name.2`, ..., whichever is the first that does not exist.
fn new_file(dir: &Path, name: &str) -> Result<(PathBuf, File), EvalError> {
    let mut path = dir.join(name);
    for number in 1.. {
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                path = dir.join(format!("{name}.{number}"));
            }
            result => return result.map_err(EvalError::io(&path)).map(|file| (path, file)),
        }
    }
    unreachable!("numbers do not end")
}

fn seconds_since_1970() -> f64 {
    // A clock set before 1970 is not worth an error.
    SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests;
