//! A split's fingerprint: 64 digits by which two results are known to be of the same split.
//!
//! ```text
//! jazz/jazz.00001 TAB test        a line for each item of a side, in byte order; `train`, `valid`, `test`;
//! rock/rock.00099 TAB train       the path without extension, with `/`; each line ends in \n
//! ```
//!
//! The SHA-256 of this text does not depend on the order of a list, on where the set lies, or on whether it is kept as AU, WAV or MP3.

use std::fmt::Write;

use hmac_sha256::Hash;

use crate::split::Fold;
use crate::split_file::{Side, SplitFile, stem};

impl Fold {
    /// The fingerprint of this fold, in hexadecimal; `name` gives an item's path below the set's folder.
    ///
    /// ```
    /// use dlmir_data::Fold;
    /// let fold = Fold { train: vec![0], validation: vec![], test: vec![1] };
    /// let (wav, au) = (["a/1.wav", "a/2.wav"], ["a/1.au", "a/2.au"]);
    /// assert_eq!(fold.sha256(|i| wav[i]), fold.sha256(|i| au[i]));
    /// ```
    pub fn sha256<'a>(&self, name: impl Fn(usize) -> &'a str) -> String {
        let sides = [
            (Side::Train, &self.train),
            (Side::Validation, &self.validation),
            (Side::Test, &self.test),
        ];
        digest(
            sides
                .into_iter()
                .flat_map(|(side, items)| items.iter().map(move |&i| (i, side)))
                .map(|(i, side)| (name(i), side)),
        )
    }
}

impl SplitFile {
    /// The fingerprint of the split as published: equal to that of the fold it makes of a set that has every file.
    pub fn sha256(&self) -> String {
        let sides = [Side::Train, Side::Validation, Side::Test];
        digest(sides.into_iter().flat_map(|side| self.paths(side).map(move |path| (path, side))))
    }
}

fn digest<'a>(entries: impl Iterator<Item = (&'a str, Side)>) -> String {
    let word = |side| match side {
        Side::Train => "train",
        Side::Validation => "valid",
        Side::Test => "test",
    };
    let mut lines: Vec<String> =
        entries.map(|(path, side)| format!("{}\t{}\n", stem(path), word(side))).collect();
    lines.sort_unstable();
    lines.dedup();
    hex(&Hash::hash(lines.concat().as_bytes()))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_that_of_the_canonical_text() {
        let fold = Fold { train: vec![1, 2], validation: vec![], test: vec![0] };
        let names = ["b/1.wav", "a/2.mp3", "c.d/x"];
        let text = "a/2\ttrain\nb/1\ttest\nc.d/x\ttrain\n";
        assert_eq!(fold.sha256(|i| names[i]), hex(&Hash::hash(text.as_bytes())));
        let moved = Fold { train: vec![1], validation: vec![2], test: vec![0] };
        assert_ne!(moved.sha256(|i| names[i]), fold.sha256(|i| names[i]));
    }

    #[test]
    fn the_order_of_a_list_does_not_matter() {
        let parse = |text: &str| SplitFile::parse_csv(text.as_bytes(), "s.csv").unwrap().sha256();
        let one = parse("path,split\na.wav,train\nb.wav,val\nc.wav,test\n");
        assert_eq!(one, parse("split,path\ntest,c.au\ndev,b.au\ntrain,a.au\n"));
        assert_ne!(one, parse("path,split\na.wav,train\nb.wav,test\nc.wav,test\n"));
    }
}
