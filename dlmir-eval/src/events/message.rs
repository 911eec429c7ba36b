//! The protocol buffer messages of TensorBoard that we write, field numbers as in `event.proto`,
//! `summary.proto` and `tensor.proto` of TensorBoard 2.21. Fields that we have no use for are left out;
//! a decoder skips them.

use prost::{Message, Oneof};

/// One record of an event file.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    /// When it was written, in seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    /// The training step (or epoch) it belongs to.
    #[prost(int64, tag = "2")]
    pub step: i64,
    /// What it says.
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub what: Option<What>,
}

/// The kinds of records.
#[derive(Clone, PartialEq, Oneof)]
pub enum What {
    /// The first record of each file: `brain.Event:2`.
    #[prost(string, tag = "3")]
    FileVersion(String),
    /// Values to show.
    #[prost(message, tag = "5")]
    Summary(Summary),
    /// Where a session starts or ends.
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

/// Values of one step.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}

/// The mark of a session; with status 1 (start), everything from its step on in earlier files is void.
#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    /// 1: start.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// One named value.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// The name, `group/name`: TensorBoard puts what stands before the slash into one drawer.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// Which dashboard shows it.
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<Metadata>,
    /// The value itself.
    #[prost(oneof = "Content", tags = "2, 4, 6, 8")]
    pub content: Option<Content>,
}

/// The kinds of values.
#[derive(Clone, PartialEq, Oneof)]
pub enum Content {
    /// A number (`simple_value`).
    #[prost(float, tag = "2")]
    Scalar(f32),
    /// A picture.
    #[prost(message, tag = "4")]
    Image(Image),
    /// A sound.
    #[prost(message, tag = "6")]
    Audio(Audio),
    /// Anything else: histograms and text.
    #[prost(message, tag = "8")]
    Tensor(Tensor),
}

/// An encoded picture.
#[derive(Clone, PartialEq, Message)]
pub struct Image {
    /// In pixels.
    #[prost(int32, tag = "1")]
    pub height: i32,
    /// In pixels.
    #[prost(int32, tag = "2")]
    pub width: i32,
    /// Number of channels: 1 grey, 3 RGB, 4 RGBA.
    #[prost(int32, tag = "3")]
    pub colorspace: i32,
    /// The PNG file.
    #[prost(bytes = "vec", tag = "4")]
    pub encoded: Vec<u8>,
}

/// An encoded sound.
#[derive(Clone, PartialEq, Message)]
pub struct Audio {
    /// In Hz.
    #[prost(float, tag = "1")]
    pub sample_rate: f32,
    /// 1 mono, 2 stereo.
    #[prost(int64, tag = "2")]
    pub channels: i64,
    /// Samples per channel.
    #[prost(int64, tag = "3")]
    pub frames: i64,
    /// The WAV file.
    #[prost(bytes = "vec", tag = "4")]
    pub encoded: Vec<u8>,
    /// `audio/wav`.
    #[prost(string, tag = "5")]
    pub content_type: String,
}

/// An array of numbers or of strings.
#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    /// 2: `f64`, 7: string.
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    /// Sizes of the axes.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
    /// The elements of a tensor of `f64`.
    #[prost(double, repeated, tag = "6")]
    pub doubles: Vec<f64>,
    /// The elements of a tensor of strings.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub strings: Vec<Vec<u8>>,
}

/// The shape of a [`Tensor`]; without axes it is a single element.
#[derive(Clone, PartialEq, Message)]
pub struct Shape {
    /// The axes, outermost first.
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
}

/// One axis of a [`Shape`].
#[derive(Clone, PartialEq, Message)]
pub struct Dim {
    /// Number of elements along it.
    #[prost(int64, tag = "1")]
    pub size: i64,
}

/// What TensorBoard needs to know to show a [`Tensor`].
#[derive(Clone, PartialEq, Message)]
pub struct Metadata {
    /// The dashboard.
    #[prost(message, optional, tag = "1")]
    pub plugin: Option<Plugin>,
    /// 1: scalars, 2: tensors, 3: a list of encoded files.
    #[prost(int32, tag = "4")]
    pub data_class: i32,
}

/// A dashboard of TensorBoard.
#[derive(Clone, PartialEq, Message)]
pub struct Plugin {
    /// `histograms`, `text` or `audio`.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A message to that dashboard; its kind depends on the dashboard.
    #[prost(bytes = "vec", tag = "2")]
    pub content: Vec<u8>,
}

impl Value {
    /// A tensor for one of TensorBoard's dashboards.
    pub(super) fn tensor(tag: &str, plugin: &str, tensor: Tensor) -> Self {
        /// `DATA_CLASS_TENSOR`
        const TENSOR: i32 = 2;
        let metadata = Metadata::of(plugin, Vec::new(), TENSOR);
        Self { metadata: Some(metadata), ..Self::plain(tag, Content::Tensor(tensor)) }
    }

    /// A sound. The metadata tell TensorBoard's fast loader what the bytes are, without which a browser may
    /// not play them.
    pub(super) fn audio(tag: &str, audio: Audio) -> Self {
        /// `DATA_CLASS_BLOB_SEQUENCE`
        const BLOBS: i32 = 3;
        /// A message of one field: number 2 (`encoding`), an integer, 11 (`WAV`).
        const ENCODING_WAV: [u8; 2] = [2 << 3, 11];
        let metadata = Metadata::of("audio", ENCODING_WAV.to_vec(), BLOBS);
        Self { metadata: Some(metadata), ..Self::plain(tag, Content::Audio(audio)) }
    }

    /// A value that needs no metadata.
    pub(super) fn plain(tag: &str, content: Content) -> Self {
        Self { tag: tag.to_owned(), metadata: None, content: Some(content) }
    }
}

impl Metadata {
    fn of(plugin: &str, content: Vec<u8>, data_class: i32) -> Self {
        Self { plugin: Some(Plugin { name: plugin.to_owned(), content }), data_class }
    }
}

impl Tensor {
    /// Of `f64`, row-major.
    pub(super) fn of_doubles(shape: &[usize], doubles: Vec<f64>) -> Self {
        let dim = shape.iter().map(|&size| Dim { size: size as i64 }).collect();
        Self { dtype: 2, shape: Some(Shape { dim }), doubles, strings: Vec::new() }
    }

    /// A single string.
    pub(super) fn of_string(text: &str) -> Self {
        let strings = vec![text.as_bytes().to_vec()];
        Self { dtype: 7, shape: Some(Shape { dim: Vec::new() }), doubles: Vec::new(), strings }
    }
}

impl Event {
    /// The values in it; none if it is not a summary.
    pub fn values(&self) -> &[Value] {
        match &self.what {
            Some(What::Summary(summary)) => &summary.value,
            _ => &[],
        }
    }

    /// Names and values of the scalars in it.
    pub fn scalars(&self) -> impl Iterator<Item = (&str, f32)> {
        self.values().iter().filter_map(|value| match value.content {
            Some(Content::Scalar(scalar)) => Some((value.tag.as_str(), scalar)),
            _ => None,
        })
    }
}
