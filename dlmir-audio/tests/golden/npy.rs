//! Just enough of numpy's .npy format to read the fixtures: version 1.0, C order, `<f4`, `<f8` or `<c8`.

use std::path::Path;

use dlmir_audio::Complex32;
use ndarray::{Array2, ArrayD, IxDyn};

/// Numbers that can be read from a file of their own type.
pub trait Element: Sized {
    const DESCR: &'static str;
    const SIZE: usize;
    fn from_le(bytes: &[u8]) -> Self;
}

impl Element for f32 {
    const DESCR: &'static str = "<f4";
    const SIZE: usize = 4;
    fn from_le(bytes: &[u8]) -> f32 {
        f32::from_le_bytes(bytes.try_into().expect("4 bytes"))
    }
}

impl Element for f64 {
    const DESCR: &'static str = "<f8";
    const SIZE: usize = 8;
    fn from_le(bytes: &[u8]) -> f64 {
        f64::from_le_bytes(bytes.try_into().expect("8 bytes"))
    }
}

impl Element for Complex32 {
    const DESCR: &'static str = "<c8";
    const SIZE: usize = 8;
    fn from_le(bytes: &[u8]) -> Complex32 {
        Complex32::new(f32::from_le(&bytes[..4]), f32::from_le(&bytes[4..]))
    }
}

/// Reads `tests/golden/NAME.npy`.
pub fn read<T: Element>(name: &str) -> ArrayD<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let bytes = std::fs::read(path.with_extension("npy")).expect("a fixture of the repository");
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{name}: version 1.0");
    let header_end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..header_end]).expect("an ASCII header");
    assert!(header.contains(&format!("'descr': '{}'", T::DESCR)), "{name}: {header}");
    assert!(header.contains("'fortran_order': False"), "{name}: {header}");
    let shape = header.split_once("'shape': (").expect("a shape").1;
    let shape = shape.split_once(')').expect("a closed shape").0;
    let shape: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let values = bytes[header_end..].chunks_exact(T::SIZE).map(T::from_le).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), values).expect("as many values as the shape says")
}

/// Reads a matrix.
pub fn matrix<T: Element>(name: &str) -> Array2<T> {
    read(name).into_dimensionality().expect("two axes")
}

/// Reads a vector.
pub fn vector<T: Element + Clone>(name: &str) -> Vec<T> {
    let array = read(name);
    assert_eq!(array.ndim(), 1, "{name}: one axis");
    array.into_raw_vec_and_offset().0
}
