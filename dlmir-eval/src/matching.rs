//! Which event of an estimate belongs to which of the reference?
//!
//! An onset, a beat or a note found 20 ms off is found; one that is 200 ms off is not. A *window* draws the line. Within it there may be
//! several candidates, and each event may be used once only, or a detector that reports everything twice would be right twice as often.
//! The score is defined by the largest number of pairs that can be made (a maximum matching in a bipartite graph), so that it does not
//! depend on the order in which anyone looks at them.
//!
//! In general that takes a search with second thoughts (Hopcroft, Karp (1973), "An n^5/2 algorithm for maximum matchings in bipartite
//! graphs"). Times are simpler. All windows have the same width, so a later reference begins *and* ends later: give each reference, in
//! order, the earliest estimate of its window that is still free. Why this is best: take a largest matching and its first reference that
//! was served otherwise. If its earliest free estimate is free there too, use it instead; if a later reference has it, the two can swap,
//! since the estimate it gives up is later and still in the later reference's window, which ends later. Either way no pair is lost. One
//! walk through both lists does it: 10 000 events take less than a millisecond.

/// The largest set of pairs (index of the reference, index of the estimate) with
///
/// ```text
/// reference - window <= estimate <= reference + window            all times in seconds, both ends included
/// ```
///
/// in which every event occurs at most once. The comparison is made in this form, as mir_eval's `match_events` makes it: on times with
/// two decimals it is not the same as |reference - estimate| <= window. Pairs are in order of time.
///
/// ```
/// let (reference, estimate) = ([1.0, 2.0, 2.04], [0.99, 2.02, 2.03, 3.0]);
/// assert_eq!(dlmir_eval::match_events(&reference, &estimate, 0.05), [(0, 0), (1, 1), (2, 2)]);
/// ```
///
/// # Panics
///
/// If the times of one list do not rise (equal ones may follow each other), one is NaN, or the window is negative.
#[track_caller]
pub fn match_events(reference: &[f64], estimate: &[f64], window_s: f64) -> Vec<(usize, usize)> {
    assert_rising("reference", reference);
    assert_rising("estimate", estimate);
    assert!(window_s >= 0.0, "match_events: a window of {window_s} s");
    let mut pairs = Vec::new();
    let mut next = 0; // The earliest estimate that is neither used nor too early for good.
    for (r, &time) in reference.iter().enumerate() {
        while next < estimate.len() && estimate[next] < time - window_s {
            next += 1;
        }
        if next < estimate.len() && estimate[next] <= time + window_s {
            pairs.push((r, next));
            next += 1;
        }
    }
    pairs
}

#[track_caller]
pub(crate) fn assert_rising(list: &str, times: &[f64]) {
    if let Some(i) = times.iter().position(|time| time.is_nan()) {
        panic!("events: time {i} of the {list} is NaN");
    }
    if let Some(i) = times.windows(2).position(|pair| pair[0] > pair[1]) {
        let [a, b] = [times[i], times[i + 1]];
        panic!("events: {a} and then {b} (times {i} and {} of the {list}): sort them", i + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition: the largest of all matchings, found by trying for each reference every estimate that is free, and whether whoever
    /// has it could take another (augmenting paths).
    fn largest_matching(reference: &[f64], estimate: &[f64], window: f64) -> usize {
        fn place(
            r: usize,
            hits: &[Vec<usize>],
            tried: &mut [bool],
            of: &mut [Option<usize>],
        ) -> bool {
            for &e in &hits[r] {
                if !std::mem::replace(&mut tried[e], true)
                    && of[e].is_none_or(|other| place(other, hits, tried, of))
                {
                    of[e] = Some(r);
                    return true;
                }
            }
            false
        }
        let is_hit = |r: f64, e: f64| r - window <= e && e <= r + window;
        let hits_of = |&r: &f64| (0..estimate.len()).filter(|&e| is_hit(r, estimate[e])).collect();
        let hits: Vec<Vec<usize>> = reference.iter().map(hits_of).collect();
        let mut of = vec![None; estimate.len()];
        (0..reference.len())
            .filter(|&r| place(r, &hits, &mut vec![false; estimate.len()], &mut of))
            .count()
    }

    #[test]
    fn both_ends_belong_to_the_window() {
        assert_eq!(match_events(&[1.0], &[0.5], 0.5).len(), 1);
        assert_eq!(match_events(&[1.0], &[1.5], 0.5).len(), 1);
        assert_eq!(match_events(&[1.0], &[1.5f64.next_up()], 0.5).len(), 0);
        // As mir_eval: 1.5 - 0.05 is 1.45, although 1.5 - 1.45 is more than 0.05.
        assert_eq!(match_events(&[1.5], &[1.45], 0.05).len(), 1);
    }

    #[test]
    fn an_event_is_used_once() {
        assert_eq!(match_events(&[1.0], &[1.0, 1.0, 1.0], 0.1), [(0, 0)]);
        assert_eq!(match_events(&[1.0, 1.01], &[1.02], 0.1), [(0, 0)]);
        assert!(
            match_events(&[], &[1.0], 0.1).is_empty() && match_events(&[1.0], &[], 0.1).is_empty()
        );
    }

    #[test]
    #[should_panic(expected = "2 and then 1 (times 1 and 2 of the estimate)")]
    fn unsorted_times_are_a_bug() {
        match_events(&[], &[0.5, 2.0, 1.0], 0.1);
    }

    #[test]
    #[should_panic(expected = "time 0 of the reference is NaN")]
    fn a_time_that_is_no_number_is_a_bug() {
        match_events(&[f64::NAN], &[], 0.1);
    }

    proptest! {
        // On a grid many events coincide or lie on the edge of a window.
        #[test]
        fn no_matching_is_larger(
            mut reference in prop::collection::vec(0i32..60, 0..25),
            mut estimate in prop::collection::vec(0i32..60, 0..25),
            window in prop::sample::select(vec![0.0, 0.02, 0.025, 0.05, 0.3]),
        ) {
            reference.sort_unstable();
            estimate.sort_unstable();
            let seconds = |times: &[i32]| times.iter().map(|&t| f64::from(t) * 0.01).collect::<Vec<_>>();
            let (reference, estimate) = (seconds(&reference), seconds(&estimate));
            let pairs = match_events(&reference, &estimate, window);
            prop_assert_eq!(pairs.len(), largest_matching(&reference, &estimate, window));
            for (r, e) in &pairs {
                prop_assert!(reference[*r] - window <= estimate[*e] && estimate[*e] <= reference[*r] + window);
            }
            prop_assert!(pairs.windows(2).all(|p| p[0].0 < p[1].0 && p[0].1 < p[1].1), "an event twice");
        }
    }
}
