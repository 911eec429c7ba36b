//! The file under models and checkpoints: safetensors with a checksum.
//!
//! safetensors is eight bytes (the header's length n, little endian), n bytes of JSON that name each
//! array with its type, shape and place, then the numbers. Every deep learning library reads it. Our files
//! hold `f32` arrays only, and one text in the place that the format leaves to users, `__metadata__`:
//!
//! ```text
//! {"__metadata__": {"dlmir": "{\"sha256\":\"<64 digits>\",\"content\":{...}}"}, "conv1/weight": ...}
//! ```
//!
//! A single text, because the format's own crate keeps the metadata in a hash map, whose order changes
//! from run to run; so equal content gives equal bytes. `sha256` is the SHA-256 of the whole file in which
//! these 64 digits are read as zeros. It stands at a fixed place, so that a file is checked before
//! anything in it is believed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dlmir_nn::Tensor;
use hmac_sha256::Hash;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View, serialize};
use serde_json::Value;

use crate::ModelError;
use crate::json::Fields;

/// What a file of ours begins with after the eight bytes of length; the digits follow.
const PREFIX: &[u8] = br#"{"__metadata__":{"dlmir":"{\"sha256\":\""#;
/// Where the digits of the checksum are.
const DIGITS: std::ops::Range<usize> = 8 + PREFIX.len()..8 + PREFIX.len() + 64;
const ZEROS: [u8; 64] = [b'0'; 64];

/// The content of a file: a description and named arrays.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) content: Value,
    pub(crate) tensors: BTreeMap<String, Tensor>,
}

impl Container {
    /// The file's bytes: the same for the same content, on every machine.
    pub(crate) fn to_bytes<'a>(
        content: &Value,
        tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
    ) -> Result<Vec<u8>, ModelError> {
        let zeros = String::from_utf8_lossy(&ZEROS);
        let text = format!(r#"{{"sha256":"{zeros}","content":{content}}}"#);
        let metadata = [(String::from("dlmir"), text)].into_iter().collect();
        let views = tensors.into_iter().map(|(name, tensor)| (name, Stored(tensor)));
        let mut bytes = serialize(views, Some(metadata))
            .map_err(|error| ModelError::Safetensors(error.to_string()))?;
        assert!(bytes[8..].starts_with(PREFIX), "the metadata comes first in a safetensors header");
        let digits = sha256(&bytes);
        bytes[DIGITS].copy_from_slice(digits.as_bytes());
        Ok(bytes)
    }

    /// Reads a file after verifying its checksum.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Container, ModelError> {
        let ours = bytes.len() >= DIGITS.end && bytes[8..].starts_with(PREFIX);
        if !ours {
            return Err(ModelError::NotOurs("it does not begin with a checksum of ours"));
        }
        let written = String::from_utf8_lossy(&bytes[DIGITS]).into_owned();
        let found = sha256(bytes);
        if written != found {
            return Err(ModelError::Checksum { written, found });
        }
        Container::from_foreign_bytes(bytes)
    }

    /// Reads a file whether or not it has a checksum, and without looking at it.
    pub(crate) fn from_foreign_bytes(bytes: &[u8]) -> Result<Container, ModelError> {
        let broken =
            |error: safetensors::SafeTensorError| ModelError::Safetensors(error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let text = metadata.metadata().as_ref().and_then(|texts| texts.get("dlmir"));
        let text = text.ok_or(ModelError::NotOurs("its metadata has no text `dlmir`"))?;
        let content = serde_json::from_str(text)
            .map_err(|error| ModelError::description("metadata `dlmir`", error.to_string()))?;
        let content = Fields::of(&content, "metadata `dlmir`")?.value("content")?.clone();

        let mut tensors = BTreeMap::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(broken)?.iter() {
            tensors.insert(name.to_string(), tensor(name, &view)?);
        }
        Ok(Container { content, tensors })
    }
}

/// The digits for a file: SHA-256 with zeros in the place of the digits.
fn sha256(bytes: &[u8]) -> String {
    let mut hash = Hash::new();
    hash.update(&bytes[..DIGITS.start]);
    hash.update(ZEROS);
    hash.update(&bytes[DIGITS.end..]);
    hex(&hash.finalize())
}

/// Two lower-case hexadecimal digits a byte.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An array of the file. Its size in memory is its size in the file, whatever the shape claims.
fn tensor(name: &str, view: &TensorView<'_>) -> Result<Tensor, ModelError> {
    if view.dtype() != Dtype::F32 {
        return Err(ModelError::array(name, format!("is {}, only F32 is read", view.dtype())));
    }
    // An axis of length 0 hides the others from the format's own check.
    let axes = view.shape().iter().map(|&size| size.max(1));
    let spread = axes.clone().try_fold(4usize, usize::checked_mul);
    if axes.len() > 16 || spread.is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(ModelError::array(name, format!("has the shape {:?}", view.shape())));
    }
    let numbers = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    Ok(Tensor::from_vec(view.shape(), numbers.collect()))
}

/// A tensor as the format's crate wants it: little-endian bytes.
struct Stored<'a>(&'a Tensor);

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        4 * self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn example() -> Vec<u8> {
        let (weight, bias) = (Tensor::from_vec(&[2, 1], vec![1.5, -0.0]), Tensor::scalar(f32::MIN));
        // A text that looks like the checksum must not be taken for it.
        let content = json!({"sha256": "0".repeat(64), "words": ["pi\u{00f1}ata", "\"", "\\"]});
        Container::to_bytes(&content, [("w", &weight), ("b", &bias)]).unwrap()
    }

    #[test]
    fn content_comes_back_and_bytes_are_the_same_each_time() {
        let bytes = example();
        let back = Container::from_bytes(&bytes).unwrap();
        assert_eq!(back.content["words"][0], "pi\u{00f1}ata");
        assert_eq!(back.tensors["w"].shape(), [2, 1]);
        assert_eq!(back.tensors["w"].as_slice()[1].to_bits(), (-0.0f32).to_bits());
        assert_eq!(back.tensors["b"].item(), f32::MIN);
        assert_eq!(bytes, example());
    }

    /// The rule for other programs: hash the file with the digits as zeros.
    #[test]
    fn the_checksum_is_what_the_format_says() {
        let bytes = example();
        let written = String::from_utf8(bytes[DIGITS].to_vec()).unwrap();
        let at = bytes.windows(64).position(|w| w == written.as_bytes()).unwrap();
        let mut zeroed = bytes.clone();
        zeroed[at..at + 64].fill(b'0');
        assert_eq!(hex(&Hash::hash(&zeroed)), written);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = example();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Container::from_bytes(&flipped).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(Container::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(matches!(Container::from_bytes(&longer), Err(ModelError::Checksum { .. })));
    }

    /// A file by other hands: header, then data.
    fn foreign(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn foreign_files_are_read_only_on_request() {
        let header = r#"{"__metadata__":{"format":"pt","dlmir":"{\"content\":{\"a\":1}}"},
            "w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        let bytes = foreign(header, &2.5f32.to_le_bytes());
        assert!(matches!(Container::from_bytes(&bytes), Err(ModelError::NotOurs(_))));
        let read = Container::from_foreign_bytes(&bytes).unwrap();
        assert_eq!((read.tensors["w"].item(), &read.content), (2.5, &json!({"a": 1})));
    }

    #[test]
    fn hostile_files_are_errors_that_allocate_nothing() {
        let metadata = r#""__metadata__":{"dlmir":"{\"content\":{}}"}"#;
        let array = |dtype: &str, shape: &str, end: u64| {
            let info = format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}"#);
            Container::from_foreign_bytes(&foreign(
                &format!("{{{metadata},\"w\":{info}}}"),
                &[0; 8],
            ))
        };
        assert!(array("F32", "[2]", 8).is_ok());
        let message = |result: Result<Container, ModelError>| result.unwrap_err().to_string();
        assert_eq!(message(array("F64", "[1]", 8)), "array `w`: is F64, only F32 is read");
        assert!(message(array("F32", "[4000000000000000000,0]", 0)).contains("safetensors"));
        for (shape, end) in [
            ("[1000000000000]", 4_000_000_000_000),
            ("[9223372036854775807,0,9223372036854775807]", 8),
            ("[2]", 4),
            ("[-2]", 8),
        ] {
            assert!(array("F32", shape, end).is_err(), "{shape}");
        }
        let hidden = r#","w":{"dtype":"F32","shape":[9000000000000000000,0],"data_offsets":[0,0]}"#;
        let bytes = foreign(&format!("{{{metadata}{hidden}}}"), &[]);
        assert_eq!(
            message(Container::from_foreign_bytes(&bytes)),
            "array `w`: has the shape [9000000000000000000, 0]"
        );
        let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
        assert!(Container::from_foreign_bytes(&huge).is_err());
    }
}
