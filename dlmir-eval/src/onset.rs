//! Onsets: where do notes and strokes begin, and how many were found?
//!
//! An estimate is compared with a reference, both lists of times in seconds. A pair within the window is a *hit*
//! ([`match_events`]); then
//!
//! ```text
//! precision  P = hits / estimates           how many of those reported are there
//! recall     R = hits / references          how many of those there are reported
//! F-measure  F = 2 P R / (P + R)            0 where nothing was hit
//! ```
//!
//! Windows are 50 ms to either side in MIREX and mir_eval, 25 ms in the papers on onset detection, 100 ms where annotators cannot agree
//! better (singing). If either list is empty all three are 0, even if both are: mir_eval's rule, to which these figures agree exactly.
//!
//! Instruments that play together never do so to the millisecond; what lies within 30 ms is heard as one onset and annotated as several.
//! Such annotations are joined first ([`join_onsets`]).
//!
//! For a set of recordings there are two figures. *Pooled*: hits, references and estimates of all are added up first (sum the
//! [`OnsetCounts`]); every onset counts the same, as in the papers. *Mean*: the mean of the recordings' F ([`mean_onset_scores`]); every
//! recording counts the same.
//!
//! Sources: Boeck, Krebs, Schedl (2012), "Evaluating the online capabilities of onset detection methods", ISMIR; Raffel and others (2014),
//! "mir_eval: a transparent implementation of common MIR metrics", ISMIR. mir_eval 0.8.2, madmom 0.16.1.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::Scores;
use crate::matching::{assert_rising, match_events};

/// mir_eval's window, in seconds to either side.
pub const ONSET_WINDOW_S: f64 = 0.05;

/// The window of the papers on onset detection, in seconds to either side.
pub const NARROW_ONSET_WINDOW_S: f64 = 0.025;

/// What is annotated so close together is heard as one onset, in seconds.
pub const JOIN_WITHIN_S: f64 = 0.03;

/// What the figures are made of; counts of several recordings can be added.
///
/// ```
/// use dlmir_eval::{ONSET_WINDOW_S, OnsetCounts};
///
/// let counts = OnsetCounts::of(&[0.5, 1.0, 1.5, 2.0], &[0.52, 1.01, 1.7], ONSET_WINDOW_S);
/// assert_eq!((counts.hits, counts.references, counts.estimates), (2, 4, 3));
/// assert!((counts.scores().f1 - 4.0 / 7.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OnsetCounts {
    /// Pairs within the window: true positives.
    pub hits: usize,
    /// Onsets of the reference; those that are no hits are misses (false negatives).
    pub references: usize,
    /// Onsets of the estimate; those that are no hits are false positives.
    pub estimates: usize,
}

impl OnsetCounts {
    /// Compares two lists of times in seconds; a hit is at most `window_s` seconds off.
    ///
    /// # Panics
    ///
    /// If the times of one list do not rise, one is NaN, or the window is negative.
    #[track_caller]
    pub fn of(reference: &[f64], estimate: &[f64], window_s: f64) -> OnsetCounts {
        OnsetCounts {
            hits: match_events(reference, estimate, window_s).len(),
            references: reference.len(),
            estimates: estimate.len(),
        }
    }

    /// Precision, recall and F-measure, each 0 for 0 / 0.
    pub fn scores(&self) -> Scores {
        let OnsetCounts { hits, references, estimates } = *self;
        let share = |of: usize| if of == 0 { 0.0 } else { hits as f64 / of as f64 };
        let (precision, recall) = (share(estimates), share(references));
        let sum = precision + recall;
        let f1 = if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum };
        Scores { precision, recall, f1 }
    }
}

impl Add for OnsetCounts {
    type Output = OnsetCounts;

    fn add(self, other: OnsetCounts) -> OnsetCounts {
        OnsetCounts {
            hits: self.hits + other.hits,
            references: self.references + other.references,
            estimates: self.estimates + other.estimates,
        }
    }
}

impl AddAssign for OnsetCounts {
    fn add_assign(&mut self, other: OnsetCounts) {
        *self = *self + other;
    }
}

impl Sum for OnsetCounts {
    fn sum<I: Iterator<Item = OnsetCounts>>(counts: I) -> OnsetCounts {
        counts.fold(OnsetCounts::default(), Add::add)
    }
}

/// The means over recordings of precision, recall and F-measure; 0 of no recordings. The mean F is not the F of the means.
pub fn mean_onset_scores(recordings: &[OnsetCounts]) -> Scores {
    let mean = |figure: fn(&Scores) -> f64| {
        let sum: f64 = recordings.iter().map(|counts| figure(&counts.scores())).sum();
        sum / recordings.len().max(1) as f64
    };
    Scores { precision: mean(|s| s.precision), recall: mean(|s| s.recall), f1: mean(|s| s.f1) }
}

/// Joins annotated times, in seconds, that are at most `within_s` apart: walking through them, one that is close to the last is replaced,
/// together with it, by the mean of both. madmom's rule for annotations; of detections it keeps the first instead.
///
/// ```
/// use dlmir_eval::{JOIN_WITHIN_S, join_onsets};
///
/// let joined = join_onsets(&[1.0, 1.02, 1.5], JOIN_WITHIN_S); // kick and hi-hat, then a snare
/// assert_eq!(joined, [1.01, 1.5]);
/// ```
///
/// # Panics
///
/// If the times do not rise, or one is NaN.
#[track_caller]
pub fn join_onsets(times_s: &[f64], within_s: f64) -> Vec<f64> {
    // Two decimals are not exact: 0.03 s apart on paper may be a little more in the computer.
    const SAME_TIME_S: f64 = 1e-12;
    assert_rising("annotation", times_s);
    let mut joined: Vec<f64> = Vec::with_capacity(times_s.len());
    for &time in times_s {
        match joined.last_mut() {
            Some(last) if time - *last <= within_s + SAME_TIME_S => *last = 0.5 * (*last + time),
            _ => joined.push(time),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: [f64; 8] = [1.0, 1.02, 1.5, 2.0, 2.03, 2.05, 2.5, 3.0];
    const ESTIMATE: [f64; 7] = [0.99999999, 1.02999999, 1.45, 2.01, 2.02, 2.5, 3.025000001];

    #[test]
    fn known_scores() {
        let f = |window| OnsetCounts::of(&REFERENCE, &ESTIMATE, window).scores().f1;
        assert!((f(NARROW_ONSET_WINDOW_S) - 10.0 / 15.0).abs() < 1e-12);
        assert!((f(ONSET_WINDOW_S) - 14.0 / 15.0).abs() < 1e-12);

        // Joined, the reference is 1.01 1.5 2.015 2.05 2.5 3.
        let joined = join_onsets(&REFERENCE, JOIN_WITHIN_S);
        let counts = OnsetCounts::of(&joined, &ESTIMATE, NARROW_ONSET_WINDOW_S);
        assert_eq!((counts.hits, counts.references, counts.estimates), (3, 6, 7));
        assert!((counts.scores().f1 - 6.0 / 13.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_scores_nothing() {
        let zero = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };
        for (reference, estimate) in
            [(&[][..], &[1.0][..]), (&[1.0], &[]), (&[], &[]), (&[1.0], &[9.0])]
        {
            assert_eq!(OnsetCounts::of(reference, estimate, 0.05).scores(), zero);
        }
        assert_eq!(mean_onset_scores(&[]), zero);
        assert_eq!([].into_iter().sum::<OnsetCounts>(), OnsetCounts::default());
    }

    #[test]
    fn a_long_recording_weighs_more_when_counts_are_added() {
        let long = OnsetCounts { hits: 90, references: 90, estimates: 90 };
        let short = OnsetCounts { hits: 1, references: 10, estimates: 10 };
        let pooled: OnsetCounts = [long, short].into_iter().sum();
        assert!((pooled.scores().f1 - 0.91).abs() < 1e-12);
        assert!((mean_onset_scores(&[long, short]).f1 - 0.55).abs() < 1e-12);
    }

    #[test]
    fn joining_goes_by_the_running_mean() {
        // 1.00 and 1.02 become 1.01, which is 0.03 from 1.04; their mean 1.025 is 0.04 from 1.065.
        assert_eq!(join_onsets(&[1.0, 1.02, 1.04, 1.065], 0.03), [1.025, 1.065]);
        assert!(join_onsets(&[], 0.03).is_empty());
    }
}
