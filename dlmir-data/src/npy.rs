//! NumPy's .npy files, version 1.0: how arrays travel between this library and Python.
//!
//! ```text
//! offset 0    6 bytes   \x93NUMPY
//!        6    2 bytes   version 1, 0
//!        8    2 bytes   length of the header, little-endian
//!       10              header: a Python dictionary in ASCII, padded with spaces, ends in \n:
//!                       {'descr': '<f4', 'fortran_order': False, 'shape': (84, 1292), }
//!                       so that offset 10 + length is a multiple of 64
//!  10 + length          the numbers, last axis fastest
//! ```
//!
//! Written: `<f4`, C order, any rank. Read: the same and `<f8`, rounded to `f32`. Nothing in a header is
//! believed before the bytes are there: a file of 100 bytes that declares a terabyte is an error, not an
//! allocation.
//!
//! Format: NumPy enhancement proposal 1, and numpy/lib/format.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use ndarray::{ArrayD, ArrayViewD};

use crate::{DataError, NpyProblem};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Reads an array of any rank.
///
/// # Errors
/// If the file cannot be read or is not a .npy file that this module knows; the message says which.
pub fn read(path: impl AsRef<Path>) -> Result<ArrayD<f32>, DataError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(DataError::io(path))?;
    read_from(file, path)
}

/// Reads an array from anything; `name` stands for it in errors.
///
/// # Errors
/// As [`read`].
pub fn read_from(source: impl Read, name: impl AsRef<Path>) -> Result<ArrayD<f32>, DataError> {
    let name = name.as_ref();
    let npy = |problem| DataError::Npy { name: name.display().to_string(), problem };
    let mut source = io::BufReader::new(source);
    let mut take = |n: usize| -> Result<Vec<u8>, DataError> {
        // `take` and `read_to_end` grow with what is there, whatever `n` promises.
        let mut bytes = Vec::new();
        let limited = &mut source.by_ref().take(n as u64);
        limited.read_to_end(&mut bytes).map_err(DataError::io(name))?;
        Ok(bytes)
    };

    let start = take(10)?;
    if !start.starts_with(MAGIC) {
        return Err(npy(NpyProblem::Magic));
    }
    let &[.., major, minor, low, high] = start.as_slice() else { unreachable!("6 bytes at least") };
    if start.len() < 10 {
        return Err(npy(NpyProblem::ShortHeader));
    }
    if (major, minor) != (1, 0) {
        return Err(npy(NpyProblem::Version(major, minor)));
    }
    let length = usize::from(u16::from_le_bytes([low, high]));
    let header = take(length)?;
    if header.len() < length {
        return Err(npy(NpyProblem::ShortHeader));
    }
    let Header { width, shape } = parse_header(&header).map_err(npy)?;

    // One byte more than needed is asked for, to notice a file that goes on.
    let needed = shape
        .iter()
        .try_fold(width, |product, &n| product.checked_mul(n))
        .filter(|&bytes| bytes <= isize::MAX as usize)
        .ok_or_else(|| npy(NpyProblem::TooLarge(shape.clone())))?;
    let data = take(needed + 1)?;
    if data.len() != needed {
        return Err(npy(NpyProblem::Length { shape, needed, found: data.len() }));
    }
    let values = match width {
        4 => data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
        _ => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect(),
    };
    ArrayD::from_shape_vec(shape.clone(), values).map_err(|_| npy(NpyProblem::TooLarge(shape)))
}

/// Writes an array of any rank and memory layout as `<f4` in C order. A file of that name is replaced as a
/// whole ([`dlmir_audio::replace_file`]): no one reads half an array.
///
/// # Errors
/// If the file cannot be written.
///
/// # Panics
/// If the rank is so high that the shape does not fit the header (thousands of axes).
pub fn write(path: impl AsRef<Path>, array: ArrayViewD<f32>) -> Result<(), DataError> {
    let path = path.as_ref();
    dlmir_audio::replace_file(path, |file| write_to(file, array)).map_err(DataError::io(path))
}

/// Writes an array to anything, as [`write()`].
///
/// # Errors
/// If the sink fails.
///
/// # Panics
/// As [`write()`].
pub fn write_to(mut sink: impl Write, array: ArrayViewD<f32>) -> io::Result<()> {
    let axes: String = array.shape().iter().map(|n| format!("{n}, ")).collect();
    // Python writes (3,) for one axis but (3, 4) for two, and reads a comma at the end anyway.
    let shape = if array.ndim() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    let unpadded = 10 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    let length = u16::try_from(header.len()).expect("npy: the shape fits a header of 64 KiB");

    sink.write_all(MAGIC)?;
    sink.write_all(&[1, 0])?;
    sink.write_all(&length.to_le_bytes())?;
    sink.write_all(header.as_bytes())?;
    for value in array.iter() {
        sink.write_all(&value.to_le_bytes())?;
    }
    sink.flush()
}

/// What the dictionary says.
struct Header {
    /// Bytes per number: 4 or 8.
    width: usize,
    shape: Vec<usize>,
}

fn parse_header(header: &[u8]) -> Result<Header, NpyProblem> {
    let (descr, shape) = parse_dictionary(header)?;
    let width = match descr.as_str() {
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(NpyProblem::Type(descr)),
    };
    Ok(Header { width, shape })
}

/// Type, shape and data of a whole file of version 1.0 in C order, whatever its type is.
pub(crate) fn split_header(bytes: &[u8]) -> Result<(String, Vec<usize>, &[u8]), NpyProblem> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(NpyProblem::Magic)?;
    let (&[major, minor, low, high], rest) =
        rest.split_first_chunk().ok_or(NpyProblem::ShortHeader)?;
    if (major, minor) != (1, 0) {
        return Err(NpyProblem::Version(major, minor));
    }
    let length = usize::from(u16::from_le_bytes([low, high]));
    let (header, data) = rest.split_at_checked(length).ok_or(NpyProblem::ShortHeader)?;
    let (descr, shape) = parse_dictionary(header)?;
    Ok((descr, shape, data))
}

/// Type (escaped for messages) and shape of an array in C order.
fn parse_dictionary(header: &[u8]) -> Result<(String, Vec<usize>), NpyProblem> {
    let wrong = |what: &str| NpyProblem::Header(what.into());
    let text = std::str::from_utf8(header).map_err(|_| wrong("not ASCII"))?.trim();
    let mut rest = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .ok_or_else(|| wrong("not a dictionary in braces"))?
        .trim();
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest).ok_or_else(|| wrong("a key is not a quoted string"))?;
        let after =
            after.trim_start().strip_prefix(':').ok_or_else(|| wrong("a key without ':'"))?;
        let after = after.trim_start();
        rest = match key {
            "descr" => {
                let (value, after) = quoted(after).ok_or_else(|| {
                    wrong("descr is not a quoted string (records cannot be read)")
                })?;
                descr = Some(value);
                after
            }
            "fortran_order" => {
                let word = after.split([',', ' ']).next().unwrap_or_default();
                fortran = Some(match word {
                    "True" => true,
                    "False" => false,
                    _ => return Err(wrong("fortran_order is neither True nor False")),
                });
                &after[word.len()..]
            }
            "shape" => {
                let inside = after.strip_prefix('(').and_then(|t| t.split_once(')'));
                let (axes, after) = inside.ok_or_else(|| wrong("shape is not a tuple"))?;
                shape =
                    Some(parse_axes(axes).ok_or_else(|| wrong("shape is not a tuple of sizes"))?);
                after
            }
            _ => return Err(NpyProblem::Header(format!("unknown key '{}'", key.escape_debug()))),
        };
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return Err(wrong("no comma between entries")),
        }
    }
    let descr = descr.ok_or_else(|| wrong("no descr"))?.escape_debug().to_string();
    if fortran.ok_or_else(|| wrong("no fortran_order"))? {
        return Err(NpyProblem::FortranOrder);
    }
    Ok((descr, shape.ok_or_else(|| wrong("no shape"))?))
}

/// A string in single or double quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// `3, 4`, `3,` or nothing; but not `3`, which in Python is no tuple, nor `,`.
fn parse_axes(axes: &str) -> Option<Vec<usize>> {
    let axes = axes.trim();
    if axes.is_empty() {
        return Some(Vec::new());
    }
    let listed = axes.strip_suffix(',').or_else(|| axes.contains(',').then_some(axes))?;
    listed.split(',').map(|n| n.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array, IxDyn, array};
    use proptest::prelude::*;

    use super::*;

    /// A file with this header text and this many bytes of data.
    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; data]);
        bytes
    }

    fn problem(bytes: &[u8]) -> NpyProblem {
        match read_from(bytes, "test.npy") {
            Err(DataError::Npy { name, problem }) if name == "test.npy" => problem,
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(shape in prop::collection::vec(0usize..5, 0..5), seed: u64) {
            let mut rng = crate::rng::Rng::at(seed, 0, 0, 0);
            let array = Array::from_shape_simple_fn(IxDyn(&shape), || rng.normal());
            let mut bytes = Vec::new();
            write_to(&mut bytes, array.view()).unwrap();
            let data = 4 * array.len();
            prop_assert_eq!((bytes.len() - data) % 64, 0);
            prop_assert_eq!(read_from(bytes.as_slice(), "x").unwrap(), array);
        }

        #[test]
        fn no_file_makes_the_reader_panic(header in "[{}'<f48a-z_:(),0-9 TFalse]{0,60}", data in 0usize..20) {
            let _ = read_from(file(&header, data).as_slice(), "x");
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_from([MAGIC.as_slice(), &bytes].concat().as_slice(), "x");
        }
    }

    /// As numpy.save(numpy.arange(6, dtype="<f4").reshape(2, 3)) of NumPy 2.4 writes it.
    #[test]
    fn the_bytes_are_numpys() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        let mut expected = file(&format!("{header:<117}\n"), 0);
        (0..6).for_each(|i| expected.extend((i as f32).to_le_bytes()));
        let array = array![[0.0f32, 1.0, 2.0], [3.0, 4.0, 5.0]].into_dyn();
        let mut bytes = Vec::new();
        write_to(&mut bytes, array.view()).unwrap();
        assert_eq!(bytes, expected);
        // A transposed view has another memory layout but is still written row by row.
        let mut transposed = Vec::new();
        write_to(&mut transposed, array.t()).unwrap();
        assert_eq!(read_from(transposed.as_slice(), "x").unwrap(), array.t());
    }

    #[test]
    fn doubles_and_other_layouts_of_the_header_are_read() {
        let mut bytes = file("{\"shape\": (2,), 'fortran_order': False, 'descr':'<f8'}", 0);
        bytes.extend(0.5f64.to_le_bytes());
        bytes.extend((-3.0f64).to_le_bytes());
        assert_eq!(read_from(bytes.as_slice(), "x").unwrap(), array![0.5f32, -3.0].into_dyn());
    }

    #[test]
    fn foreign_and_damaged_files_are_told_apart() {
        let header = |descr, order, shape| {
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n")
        };
        assert_eq!(problem(b"RIFF1234WAVE"), NpyProblem::Magic);
        assert_eq!(problem(b""), NpyProblem::Magic);
        assert_eq!(problem(b"\x93NUMPY\x01"), NpyProblem::ShortHeader);
        assert_eq!(problem(b"\x93NUMPY\x02\0\x10\0\0\0"), NpyProblem::Version(2, 0));
        assert_eq!(problem(b"\x93NUMPY\x01\0\xff\xff{}"), NpyProblem::ShortHeader);
        let typed = |descr| problem(&file(&header(descr, "False", "(1,)"), 8));
        assert_eq!(typed(">f4"), NpyProblem::Type(">f4".into()));
        assert_eq!(typed("|O"), NpyProblem::Type("|O".into()));
        assert_eq!(problem(&file(&header("<f4", "True", "(1,)"), 4)), NpyProblem::FortranOrder);
        for shape in ["(3)", "(-1,)", "(a, b)", "(1, 2", "3", "(,)"] {
            let got = problem(&file(&header("<f4", "False", shape), 4));
            assert!(matches!(got, NpyProblem::Header(_)), "{shape}: {got}");
        }
        for text in ["", "{}", "{'descr'}", "{'descr': [('a', '<f4')]}", "{'x': 1}", "\u{e9}"] {
            let got = problem(&file(text, 4));
            assert!(matches!(got, NpyProblem::Header(_)), "{text}: {got}");
        }
    }

    #[test]
    fn declared_sizes_are_checked_against_the_bytes() {
        let sized = |shape: &str, data| {
            let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
            problem(&file(&text, data))
        };
        // A tebibyte is declared; only the eight bytes that are there are ever held.
        let huge = NpyProblem::Length { shape: vec![1 << 38], needed: 1 << 40, found: 8 };
        assert_eq!(sized("(274877906944,)", 8), huge);
        let overflow = sized("(4294967296, 4294967296, 2)", 8);
        assert!(matches!(overflow, NpyProblem::TooLarge(_)), "{overflow}");
        // No element, but a product of the other axes that overflows.
        let empty = sized("(0, 9223372036854775807, 9223372036854775807)", 0);
        assert!(matches!(empty, NpyProblem::TooLarge(_)), "{empty}");
        assert!(matches!(sized("(3,)", 11), NpyProblem::Length { found: 11, .. }));
        assert!(matches!(sized("(3,)", 400), NpyProblem::Length { found: 13, .. }));
    }

    /// Readers see one of the two arrays whole, never a beginning.
    #[test]
    fn readers_never_see_half() {
        let folder = crate::test_folder::TestFolder::new("npy-race", &[]);
        let path = folder.path().join("a.npy");
        let arrays = [1.0, 2.0].map(|x| Array::from_elem(IxDyn(&[100_000]), x));
        write(&path, arrays[0].view()).unwrap();
        std::thread::scope(|scope| {
            for array in &arrays {
                scope.spawn(|| (0..10).for_each(|_| write(&path, array.view()).unwrap()));
            }
            for _ in 0..50 {
                assert!(arrays.contains(&read(&path).unwrap()));
            }
        });
    }

    #[test]
    fn files_work_and_missing_ones_are_named() {
        let folder = crate::test_folder::TestFolder::new("npy", &[]);
        let path = folder.path().join("a.npy");
        let array = array![1.0f32, 2.0].into_dyn();
        write(&path, array.view()).unwrap();
        assert_eq!(read(&path).unwrap(), array);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
        let error = read(folder.path().join("b.npy")).unwrap_err().to_string();
        assert!(error.contains("b.npy"), "{error}");
    }
}
