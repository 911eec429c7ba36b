//! Lists of names as researchers pass them on: plain text, NumPy arrays of strings, and the pickles of old Python programs.
//!
//! ```text
//! x.txt    a name per line
//! x.npy    one axis of `<U` (UTF-32) or `|S` (bytes) strings, as numpy.save writes them
//! x.cP     (lp1 \n S'f/a.npy' \n p2 \n aS'f/b.npy' \n p3 \n a.      pickle protocol 0: a list of strings and nothing else
//! ```
//!
//! A pickle is a program; this reads only the four kinds of line of which a list of strings is made, and runs nothing.

use std::path::Path;

use crate::{DataError, NpyProblem};

/// Reads a list in the format that its extension names.
///
/// # Errors
/// If the file cannot be read or is not such a list; the error names the line, or what is wrong with the array.
pub fn read_list(path: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(DataError::io(path))?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("npy") => parse_npy_strings(&bytes)
            .map_err(|problem| DataError::Npy { name: path.display().to_string(), problem }),
        Some("cP" | "pkl" | "pickle") => parse_pickled_strings(&bytes, path),
        _ => parse_text(&bytes, path),
    }
}

fn parse_text(bytes: &[u8], path: &Path) -> Result<Vec<String>, DataError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut names = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|&b| b == b'\n')) {
        match std::str::from_utf8(text).map(str::trim) {
            Ok("") => {}
            Ok(name) => names.push(name.to_owned()),
            Err(_) => return Err(table(path, line, "not UTF-8 text")),
        }
    }
    Ok(names)
}

/// Reads a list of strings from a pickle of protocol 0.
///
/// # Errors
/// If a line is none of those that a list of strings has.
pub fn parse_pickled_strings(bytes: &[u8], name: &Path) -> Result<Vec<String>, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        table(name, 1, "a pickle of a binary protocol; only protocol 0 (text) is read")
    })?;
    let mut names = Vec::new();
    let mut lines = (1..).zip(text.lines());
    let numbered = |line: &str, before: &str| {
        line.strip_prefix(before).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    };
    match lines.next() {
        Some((_, first)) if numbered(first, "(lp") => {}
        _ => return Err(table(name, 1, "not a pickled list: it begins with `(lp1`")),
    }
    let mut ended = false;
    for (number, line) in lines {
        if ended {
            match line {
                "" => continue,
                _ => return Err(table(name, number, "text behind the end of the pickle")),
            }
        }
        let (before, end) = match line {
            "a." | "." => (line, true),
            _ => (line, false),
        };
        ended = end;
        if end || numbered(before, "p") {
            continue;
        }
        let string = line.strip_prefix('a').unwrap_or(line).strip_prefix('S');
        let quoted = string.and_then(|s| {
            let quote = s.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            s[1..].strip_suffix(quote)
        });
        match quoted {
            Some(string) if !string.contains('\\') => names.push(string.to_owned()),
            Some(_) => return Err(table(name, number, "a string with an escape")),
            None => return Err(table(name, number, "not a line of a list of strings")),
        }
    }
    match ended {
        true => Ok(names),
        false => Err(table(name, text.lines().count().max(1) as u64, "the pickle has no end")),
    }
}

/// Reads an array of strings with one axis.
///
/// # Errors
/// If it is another kind of array, or is cut.
pub fn parse_npy_strings(bytes: &[u8]) -> Result<Vec<String>, NpyProblem> {
    let (descr, shape, data) = crate::npy::split_header(bytes)?;
    let kind = |problem: &str| NpyProblem::Type(format!("{descr}: {problem}"));
    let (unit, count) = match (descr.strip_prefix("<U"), descr.strip_prefix("|S")) {
        (Some(count), _) => (4, count),
        (_, Some(count)) => (1, count),
        _ => return Err(NpyProblem::Strings(descr)),
    };
    let count: usize = count.parse().map_err(|_| kind("no length"))?;
    let [n] = shape[..] else {
        return Err(NpyProblem::Header(format!("a list has one axis, not {}", shape.len())));
    };
    let needed = count.checked_mul(unit).and_then(|width| width.checked_mul(n));
    let needed = needed.ok_or_else(|| NpyProblem::TooLarge(shape.clone()))?;
    if data.len() != needed {
        return Err(NpyProblem::Length { shape, needed, found: data.len() });
    }
    if needed == 0 {
        return Ok(vec![String::new(); if count == 0 { 0 } else { n }]);
    }
    let string = |chunk: &[u8]| -> Result<String, NpyProblem> {
        let text: Option<String> = match unit {
            4 => chunk
                .as_chunks()
                .0
                .iter()
                .map(|&code| char::from_u32(u32::from_le_bytes(code)))
                .collect(),
            _ => std::str::from_utf8(chunk).ok().map(str::to_owned),
        };
        let text = text.ok_or_else(|| kind("a string that is not text"))?;
        Ok(text.trim_end_matches('\0').to_owned())
    };
    data.chunks_exact(count * unit).map(string).collect()
}

fn table(path: &Path, line: u64, problem: &str) -> DataError {
    DataError::Table { path: path.to_owned(), line, problem: problem.into() }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    /// The bytes that `numpy.save` writes for a list of strings.
    pub(in crate::sets) fn npy_of(strings: &[&str], unicode: bool) -> Vec<u8> {
        let width = strings.iter().map(|s| s.chars().count()).max().unwrap_or(1);
        let descr = if unicode { format!("<U{width}") } else { format!("|S{width}") };
        let mut header = format!(
            "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({},), }}",
            strings.len()
        );
        let unpadded = 10 + header.len() + 1;
        header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        for string in strings {
            let mut codes: Vec<u32> = string.chars().map(u32::from).collect();
            codes.resize(width, 0);
            for code in codes {
                match unicode {
                    true => bytes.extend(code.to_le_bytes()),
                    false => bytes.push(code as u8),
                }
            }
        }
        bytes
    }

    #[test]
    fn three_formats_give_the_same_list() {
        let folder = TestFolder::new("set-lists", &[]);
        let names = ["f/bach-0-29.mp3", "0/x.mp3"];
        folder.write("l.txt", "f/bach-0-29.mp3\r\n\n0/x.mp3\n");
        folder.write("l.cP", "(lp1\nS'f/bach-0-29.mp3'\np2\naS\"0/x.mp3\"\np3\na.");
        std::fs::write(folder.path().join("u.npy"), npy_of(&names, true)).unwrap();
        std::fs::write(folder.path().join("s.npy"), npy_of(&names, false)).unwrap();
        for file in ["l.txt", "l.cP", "u.npy", "s.npy"] {
            assert_eq!(read_list(folder.path().join(file)).unwrap(), names, "{file}");
        }
    }

    #[test]
    fn a_wrong_list_is_an_error() {
        let pickle = |text: &str| {
            let read = parse_pickled_strings(text.as_bytes(), Path::new("l.cP"));
            read.map_err(|e| e.to_string()).unwrap_err()
        };
        assert_eq!(pickle("S'x'\n."), "l.cP:1: not a pickled list: it begins with `(lp1`");
        assert!(pickle("(lp1\ncos\nsystem\n.").starts_with("l.cP:2: not a line of a list"));
        assert!(pickle("(lp1\nS'a'\np2\n").starts_with("l.cP:3: the pickle has no end"));
        assert!(pickle("(lp1\nS'a\\n'\np2\na.").starts_with("l.cP:2: a string with an escape"));
        assert!(pickle("(lp1\n.\nS'a'").starts_with("l.cP:3: text behind the end"));

        let whole = npy_of(&["ab", "c"], true);
        let problem = parse_npy_strings(&whole[..whole.len() - 1]).unwrap_err();
        assert!(matches!(problem, NpyProblem::Length { needed: 16, found: 15, .. }), "{problem}");
        assert_eq!(parse_npy_strings(b"x").unwrap_err(), NpyProblem::Magic);
        let mut surrogate = npy_of(&["a"], true);
        let end = surrogate.len() - 4;
        surrogate[end..].copy_from_slice(&0xd800_u32.to_le_bytes());
        assert!(parse_npy_strings(&surrogate).unwrap_err().to_string().contains("not text"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(tail in prop::collection::vec(any::<u8>(), 0..60), cut in 0usize..140) {
            let _ = parse_pickled_strings(&[b"(lp1\n".as_slice(), &tail].concat(), Path::new("l"));
            let mut array = npy_of(&["ab", "c"], true);
            array.truncate(cut);
            array.extend(tail);
            let _ = parse_npy_strings(&array);
        }
    }
}
