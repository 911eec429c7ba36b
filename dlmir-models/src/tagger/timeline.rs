//! From the probabilities of overlapping windows to stretches of one label.

use ndarray::{Array2, s};

/// Probabilities of moments from those of windows.
///
/// Window i covers the cells i, i + 1, ..., i + width - 1; a cell's probabilities are the mean over the
/// windows that cover it. windows: `[windows, labels]`, result: `[windows + width - 1, labels]`.
pub(super) fn spread(windows: &Array2<f64>, width: usize) -> Array2<f64> {
    let (count, labels) = windows.dim();
    let mut cells = Array2::zeros((count + width - 1, labels));
    for (cell, mut mean) in cells.rows_mut().into_iter().enumerate() {
        let covering = (cell + 1).saturating_sub(width)..(cell + 1).min(count);
        let sum = windows.slice(s![covering.clone(), ..]).sum_axis(ndarray::Axis(0));
        mean.assign(&(sum / covering.len() as f64));
    }
    cells
}

/// The sequence of states s[t] that minimises
///
/// ```text
/// sum over t of -ln p[t, s[t]]  +  change_cost for every t with s[t] != s[t - 1]
/// ```
///
/// p: `[time, states]`. This is the Viterbi algorithm for a chain in which all changes are equally
/// likely. Viterbi (1967); Rabiner (1989), section III.B.
pub(super) fn best_path(p: &Array2<f64>, change_cost: f64) -> Vec<usize> {
    let (length, states) = p.dim();
    // cost[s]: the best path so far that ends in s; came_from[t][s]: where that path was before.
    let mut cost = vec![0.0; states];
    let mut came_from = Vec::with_capacity(length);
    for t in 0..length {
        let best = lowest(&cost);
        let change = cost[best] + change_cost;
        let from: Vec<usize> =
            (0..states).map(|s| if t > 0 && change < cost[s] { best } else { s }).collect();
        let arrive = |s: usize| cost[from[s]] + if from[s] == s { 0.0 } else { change_cost };
        cost = (0..states).map(|s| arrive(s) - p[[t, s]].max(1e-6).ln()).collect();
        came_from.push(from);
    }
    let mut state = lowest(&cost);
    let mut path = vec![0; length];
    for t in (0..length).rev() {
        path[t] = state;
        state = came_from[t][state];
    }
    path
}

fn lowest(cost: &[f64]) -> usize {
    (0..cost.len()).fold(0, |best, s| if cost[s] < cost[best] { s } else { best })
}

/// Stretches of equal states: (first, one past the last, state).
pub(super) fn runs(path: &[usize]) -> Vec<(usize, usize, usize)> {
    let mut start = 0;
    let chunks = path.chunk_by(|a, b| a == b);
    let run = |chunk: &[usize]| {
        let from = start;
        start += chunk.len();
        (from, start, chunk[0])
    };
    chunks.map(run).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_is_the_mean_of_its_windows() {
        let cells = spread(&array![[1.0], [0.0], [0.5]], 2);
        assert_eq!(cells, array![[1.0], [0.5], [0.25], [0.5]]);
        assert_eq!(spread(&array![[0.7, 0.3]], 3).nrows(), 3);
    }

    fn cost(p: &Array2<f64>, path: &[usize], change_cost: f64) -> f64 {
        let fit: f64 = path.iter().enumerate().map(|(t, &s)| -p[[t, s]].max(1e-6).ln()).sum();
        fit + change_cost * path.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64
    }

    /// All sequences of `length` numbers below `states`.
    fn all_paths(length: u32, states: usize) -> impl Iterator<Item = Vec<usize>> {
        (0..states.pow(length))
            .map(move |n| (0..length).map(|t| n / states.pow(t) % states).collect())
    }

    proptest! {
        #[test]
        fn no_path_is_better(
            numbers in proptest::collection::vec(0.01..1.0, 15),
            change_cost in 0.0..3.0,
        ) {
            let p = Array2::from_shape_vec((5, 3), numbers).unwrap();
            let found = cost(&p, &best_path(&p, change_cost), change_cost);
            for path in all_paths(5, 3) {
                prop_assert!(found <= cost(&p, &path, change_cost) + 1e-9, "{path:?}");
            }
        }
    }

    #[test]
    fn a_blip_is_smoothed_away_and_a_stretch_is_not() {
        let p =
            |music: &[f64]| {
                Array2::from_shape_fn((music.len(), 2), |(t, s)| {
                    if s == 0 { music[t] } else { 1.0 - music[t] }
                })
            };
        let blip = [0.9, 0.9, 0.2, 0.9, 0.9];
        assert_eq!(best_path(&p(&blip), 4.0), [0; 5]);
        assert_eq!(best_path(&p(&blip), 0.0), [0, 0, 1, 0, 0]);
        let stretch = [0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1];
        assert_eq!(runs(&best_path(&p(&stretch), 4.0)), [(0, 3, 0), (3, 8, 1)]);
        assert_eq!(best_path(&p(&[]), 1.0), [0; 0]);
    }
}
