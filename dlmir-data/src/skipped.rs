//! Files that cannot be used: left out, but not without a word, and not too many.
//!
//! In a set of thousands some files are broken, and a run that stops at the first of them wastes an afternoon. A run that leaves them out in
//! silence is worse: nobody knows any more what was measured. So a bad file is left out after it was named with the reason, and where more
//! than a tenth are bad the run stops, because then something else is wrong: a codec, a disk, the wrong folder.
//!
//! One bad file is allowed in a set of any size. A class of which nothing is left stops the run too (see [`Skipped::check_classes`]).

use std::collections::BTreeSet;
use std::fmt;

use crate::DataError;

/// Of so many files, one may be bad.
const FILES_PER_BAD_ONE: usize = 10;

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile {
    /// Its name, as in tables.
    pub name: String,
    /// Why it cannot be used.
    pub reason: String,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Most reasons begin with the file's path, which then need not stand twice.
        match self.reason.contains(&self.name) {
            true => f.write_str(&self.reason),
            false => write!(f, "{}: {}", self.name, self.reason),
        }
    }
}

/// The files of a set that were left out, in its order.
///
/// ```
/// use dlmir_data::Skipped;
///
/// let read = vec![Ok(1.0), Err("cut off".to_string()), Ok(3.0)];
/// let names = ["a.wav", "b.wav", "c.wav"];
/// let (good, skipped) = Skipped::sort(read, |i| names[i].into())?;
/// assert_eq!(good, [(0, 1.0), (2, 3.0)]);
/// assert_eq!(skipped.files[0].to_string(), "b.wav: cut off");
/// # Ok::<(), dlmir_data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Skipped {
    /// What was left out.
    pub files: Vec<BadFile>,
    /// How many files the set had.
    pub of: usize,
}

impl Skipped {
    /// How many of so many files may be bad: a tenth, at least one.
    pub fn limit(files: usize) -> usize {
        (files / FILES_PER_BAD_ONE).max(1)
    }

    /// Separates what could be read, with its index, from what could not; `name(i)` names the files.
    ///
    /// # Errors
    /// [`DataError::TooManyBad`] if more files are bad than [`Skipped::limit`] allows, or all of them.
    pub fn sort<T, E: fmt::Display>(
        results: impl IntoIterator<Item = Result<T, E>>,
        name: impl Fn(usize) -> String,
    ) -> Result<(Vec<(usize, T)>, Skipped), DataError> {
        let (good, skipped) = Skipped::sort_all(results, name);
        let bad = skipped.files.len();
        match skipped.files.first() {
            Some(first) if bad > Skipped::limit(skipped.of) || good.is_empty() => {
                let (of, first) = (skipped.of, first.to_string());
                Err(DataError::TooManyBad { bad, of, first })
            }
            _ => Ok((good, skipped)),
        }
    }

    /// As [`Skipped::sort`], without a limit: for work in which every file stands for itself.
    pub fn sort_all<T, E: fmt::Display>(
        results: impl IntoIterator<Item = Result<T, E>>,
        name: impl Fn(usize) -> String,
    ) -> (Vec<(usize, T)>, Skipped) {
        let (mut good, mut skipped) = (Vec::new(), Skipped::default());
        for (i, result) in results.into_iter().enumerate() {
            skipped.of += 1;
            match result {
                Ok(value) => good.push((i, value)),
                Err(error) => {
                    skipped.files.push(BadFile { name: name(i), reason: error.to_string() });
                }
            }
        }
        (good, skipped)
    }

    /// Checks that of every class something is left.
    ///
    /// # Errors
    /// [`DataError::ClassLost`] with the first class that is not among `left`, the classes of the files that remain.
    pub fn check_classes(
        &self,
        classes: &[String],
        left: impl IntoIterator<Item = usize>,
    ) -> Result<(), DataError> {
        let left: BTreeSet<usize> = left.into_iter().collect();
        match (0..classes.len()).find(|class| !left.contains(class)) {
            Some(class) if !self.files.is_empty() => {
                let first = self.files[0].to_string();
                Err(DataError::ClassLost { class: classes[class].clone(), first })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(good: usize, bad: usize) -> Result<usize, DataError> {
        let read = (0..good + bad).map(|i| if i < bad { Err("cut off") } else { Ok(i) });
        Skipped::sort(read, |i| format!("{i}.wav")).map(|(good, _)| good.len())
    }

    #[test]
    fn a_tenth_may_be_bad_and_at_least_one() {
        assert_eq!(sort(20, 0).unwrap(), 20);
        assert_eq!(sort(18, 2).unwrap(), 18);
        assert_eq!(sort(2, 1).unwrap(), 2);
        for (good, bad) in [(17, 3), (2, 2), (0, 1)] {
            let error = sort(good, bad).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad} of {}", good + bad)), "{error}");
            assert!(error.contains("0.wav: cut off"), "{error}");
        }
        assert_eq!(sort(0, 0).unwrap(), 0);
    }

    #[test]
    fn a_lost_class_is_named() {
        let skipped = Skipped {
            files: vec![BadFile { name: "b/1.wav".into(), reason: "b/1.wav: empty".into() }],
            of: 3,
        };
        let classes = ["a".to_string(), "b".to_string()];
        assert!(skipped.check_classes(&classes, [0, 1]).is_ok());
        let error = skipped.check_classes(&classes, [0, 0]).unwrap_err().to_string();
        assert!(error.contains("`b`") && error.contains("b/1.wav: empty"), "{error}");
    }
}
