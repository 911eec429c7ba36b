//! A file among its neighbours: another sample rate, or a length that no other has.

use std::collections::BTreeMap;

use super::Finding;
use super::walk::folder_of;

/// What there is to compare of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    pub sample_rate: u32,
    pub seconds: f64,
}

/// Findings about files, by their index, that stand out in their own folder (not its sub-folders).
pub(super) fn outsiders(files: &[(&str, Measure)]) -> Vec<(usize, Finding)> {
    let mut folders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, (name, _)) in files.iter().enumerate() {
        folders.entry(folder_of(name)).or_default().push(i);
    }
    let mut found = Vec::new();
    for members in folders.values() {
        let of = |i: &usize| files[*i].1;
        if let Some(usual) = usual_rate(members.iter().map(|i| of(i).sample_rate)) {
            let others = members.iter().filter(|i| of(i).sample_rate != usual);
            found.extend(
                others.map(|i| (*i, Finding::OtherRate { sample_rate: of(i).sample_rate, usual })),
            );
        }
        if let Some(usual) = usual_length(members.iter().map(|i| of(i).seconds).collect()) {
            let short = members.iter().filter(|i| of(i).seconds < 0.5 * usual);
            found.extend(
                short.map(|i| (*i, Finding::ShorterThanOthers { seconds: of(i).seconds, usual })),
            );
        }
    }
    found
}

/// The rate of more than half of at least three files.
fn usual_rate(rates: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    rates.for_each(|rate| *counts.entry(rate).or_default() += 1);
    let all: usize = counts.values().sum();
    counts.into_iter().find(|&(_, count)| all >= 3 && 2 * count > all).map(|(rate, _)| rate)
}

/// The median length of at least five files, if three quarters of them are within a tenth of it: a set of excerpts cut to one length.
fn usual_length(mut lengths: Vec<f64>) -> Option<f64> {
    lengths.sort_by(f64::total_cmp);
    let median = *lengths.get(lengths.len() / 2)?;
    let near = lengths.iter().filter(|&&l| (l - median).abs() <= 0.1 * median).count();
    (lengths.len() >= 5 && 4 * near >= 3 * lengths.len()).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, u32, f64)]) -> Vec<(usize, Finding)> {
        let measure = |&(name, sample_rate, seconds)| (name, Measure { sample_rate, seconds });
        outsiders(&files.iter().map(measure).collect::<Vec<_>>())
    }

    #[test]
    fn the_odd_one_out_is_named() {
        let files = [
            ("a/1.wav", 22_050, 30.0),
            ("a/2.wav", 22_050, 30.1),
            ("a/3.wav", 8000, 30.0),
            ("b/1.wav", 8000, 3.0),
            ("a/4.wav", 22_050, 12.0),
            ("a/5.wav", 22_050, 30.0),
        ];
        assert_eq!(
            found(&files),
            [
                (2, Finding::OtherRate { sample_rate: 8000, usual: 22_050 }),
                (4, Finding::ShorterThanOthers { seconds: 12.0, usual: 30.0 }),
            ]
        );
    }

    #[test]
    fn without_a_majority_nobody_is_odd() {
        assert_eq!(found(&[("a", 8000, 1.0), ("b", 16_000, 1.0)]), []);
        let lengths = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        let files: Vec<_> = lengths.map(|seconds| ("a.wav", 8000, seconds)).to_vec();
        assert_eq!(found(&files), []);
    }
}
