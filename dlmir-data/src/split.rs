//! Splits: which items train, which choose, which test.
//!
//! Three rules make a test honest. No group (piece, artist) stands on two sides. Each side has nearly
//! the same share of every class (stratified), so that no fold is easy by accident. And the same seed
//! gives the same split, so that two methods are compared on the same pieces.
//!
//! Groups make exact strata impossible: a group brings all its items, of whatever class. So groups are
//! dealt out greedily, large ones first while there is room to even things out, each to the fold that
//! so far has least of what it brings:
//!
//! ```text
//! cost(f) = sum over classes c of  have[f][c] * brings[c] / total[c]^2
//! ```
//!
//! which is the amount by which `sum over f, c of (have[f][c] / total[c])^2` would grow, less a part that
//! is the same for all folds. That sum is least when every fold has an equal share of every class.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::DataError;
use crate::rng::{Rng, stream};

/// Class and group of each item: all that a split needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    classes: Vec<usize>,
    groups: Vec<usize>,
}

impl Pieces {
    /// From the class and the group's name of each item.
    ///
    /// # Panics
    /// If there are not as many groups as classes.
    #[track_caller]
    pub fn new<G: Ord>(classes: Vec<usize>, groups: impl IntoIterator<Item = G>) -> Pieces {
        let names: Vec<G> = groups.into_iter().collect();
        assert_eq!(classes.len(), names.len(), "pieces: one class and one group for each item");
        // Groups are numbered in the order of their names, so that the order of the items is no matter.
        let mut numbers: BTreeMap<&G, usize> = names.iter().map(|name| (name, 0)).collect();
        numbers.values_mut().enumerate().for_each(|(number, slot)| *slot = number);
        let groups = names.iter().map(|name| numbers[name]).collect();
        Pieces { classes, groups }
    }

    /// Items without groups: each stands alone.
    pub fn ungrouped(classes: Vec<usize>) -> Pieces {
        let groups = (0..classes.len()).collect();
        Pieces { classes, groups }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// True without any item.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The class of each item.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The group of each item, as a number: for bootstrap over groups.
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }
}

/// One way to divide a set: item indices, each list ascending, no index on two lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// What weights and scalers may be fitted on.
    pub train: Vec<usize>,
    /// What chooses between models and when to stop; empty until [`Fold::with_validation`].
    pub validation: Vec<usize>,
    /// What is looked at once.
    pub test: Vec<usize>,
}

impl Fold {
    /// All of `n` items for training: for the final model, after its quality has been measured. To fit
    /// a scaler on this and then test on some of the items is the leak that [`crate::Standardizer`]
    /// is built to show.
    pub fn all(n: usize) -> Fold {
        Fold { train: (0..n).collect(), validation: Vec::new(), test: Vec::new() }
    }

    /// Moves one part in `parts` of the training items to validation, by groups and stratified. Groups
    /// that are the only one of their class stay in training.
    ///
    /// # Errors
    /// If nothing can be moved: all classes of the training part have a single group.
    ///
    /// # Panics
    /// If `parts` is below 2.
    pub fn with_validation(
        mut self,
        pieces: &Pieces,
        parts: usize,
        seed: u64,
    ) -> Result<Fold, DataError> {
        let moved = held_out(pieces, &self.train, parts, Rng::at(seed, 1, 0, stream::SPLIT))?;
        self.train.retain(|i| moved.binary_search(i).is_err());
        self.validation.extend(moved);
        self.validation.sort_unstable();
        Ok(self)
    }
}

/// Stratified cross-validation by group: `folds` folds whose test parts together are all items, each
/// once. The validation lists are empty.
///
/// # Errors
/// If there are fewer groups than folds, or a class has a single group: tested, it would be unknown.
///
/// # Panics
/// If `folds` is below 2.
#[track_caller]
pub fn k_fold(pieces: &Pieces, folds: usize, seed: u64) -> Result<Vec<Fold>, DataError> {
    assert!(folds >= 2, "split: cross-validation needs at least 2 folds, not {folds}");
    let all: Vec<usize> = (0..pieces.len()).collect();
    let groups = Group::of(pieces, &all);
    if groups.len() < folds {
        return Err(DataError::TooFewGroups {
            what: "the set".into(),
            groups: groups.len(),
            needed: folds,
        });
    }
    let single = |&(_, groups): &(usize, usize)| groups == 1;
    if let Some((class, groups)) = groups_per_class(&groups).into_iter().find(single) {
        return Err(DataError::TooFewGroups { what: format!("class {class}"), groups, needed: 2 });
    }
    let fold_of = deal(groups, folds, Rng::at(seed, 0, 0, stream::SPLIT));
    let fold = |f| {
        let (test, train) = all.iter().partition(|&&i| fold_of[&pieces.groups[i]] == f);
        Fold { train, validation: Vec::new(), test }
    };
    Ok((0..folds).map(fold).collect())
}

/// A single held-out test part of about one in `parts` items (5: a fifth), by group and stratified.
/// Groups that are the only one of their class stay in training.
///
/// # Errors
/// If nothing can be held out: every class has a single group.
///
/// # Panics
/// If `parts` is below 2.
pub fn hold_out(pieces: &Pieces, parts: usize, seed: u64) -> Result<Fold, DataError> {
    let all: Vec<usize> = (0..pieces.len()).collect();
    let test = held_out(pieces, &all, parts, Rng::at(seed, 0, 0, stream::SPLIT))?;
    let train = all.into_iter().filter(|i| test.binary_search(i).is_err()).collect();
    Ok(Fold { train, validation: Vec::new(), test })
}

/// The part of `among` to take away.
#[track_caller]
fn held_out(
    pieces: &Pieces,
    among: &[usize],
    parts: usize,
    rng: Rng,
) -> Result<Vec<usize>, DataError> {
    assert!(parts >= 2, "split: one part in {parts} would leave nothing to train on");
    let groups = Group::of(pieces, among);
    let mut left = groups_per_class(&groups);
    let fold_of = deal(groups.clone(), parts, rng);
    let mut taken = Vec::new();
    for group in groups.iter().filter(|g| fold_of[&g.number] == 0) {
        if group.brings.keys().all(|c| left[c] > 1) {
            group.brings.keys().for_each(|c| *left.get_mut(c).expect("counted above") -= 1);
            taken.push(group.number);
        }
    }
    // A set so small that the part came out empty gives the smallest group that it can spare.
    if taken.is_empty() {
        let spare = groups.iter().filter(|g| g.brings.keys().all(|c| left[c] > 1));
        let smallest = spare.min_by_key(|g| g.size).ok_or(DataError::TooFewGroups {
            what: "every class".into(),
            groups: 1,
            needed: 2,
        })?;
        taken.push(smallest.number);
    }
    Ok(among.iter().copied().filter(|&i| taken.contains(&pieces.groups[i])).collect())
}

/// A group and how many items of each class it brings.
#[derive(Debug, Clone)]
struct Group {
    number: usize,
    size: usize,
    brings: BTreeMap<usize, usize>,
}

impl Group {
    /// The groups among these items, in the order of their numbers.
    fn of(pieces: &Pieces, among: &[usize]) -> Vec<Group> {
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for &i in among {
            let number = pieces.groups[i];
            let group = groups.entry(number).or_insert_with(|| Group {
                number,
                size: 0,
                brings: BTreeMap::new(),
            });
            group.size += 1;
            *group.brings.entry(pieces.classes[i]).or_default() += 1;
        }
        groups.into_values().collect()
    }
}

fn groups_per_class(groups: &[Group]) -> BTreeMap<usize, usize> {
    let mut count = BTreeMap::new();
    for class in groups.iter().flat_map(|g| g.brings.keys()) {
        *count.entry(*class).or_default() += 1;
    }
    count
}

/// Deals the groups out to folds; returns group number -> fold.
fn deal(mut groups: Vec<Group>, folds: usize, mut rng: Rng) -> BTreeMap<usize, usize> {
    let mut total: BTreeMap<usize, f64> = BTreeMap::new();
    for (&class, &n) in groups.iter().flat_map(|g| &g.brings) {
        *total.entry(class).or_default() += n as f64;
    }
    // Random order among groups of equal size: that is what the seed decides.
    rng.shuffle(&mut groups);
    groups.sort_by_key(|g| Reverse(g.size));

    let mut have = vec![BTreeMap::<usize, usize>::new(); folds];
    let mut size = vec![0; folds];
    let mut fold_of = BTreeMap::new();
    for group in groups {
        let cost = |f: usize| {
            let share = |(class, &n): (&usize, &usize)| {
                let there = have[f].get(class).copied().unwrap_or(0);
                there as f64 * n as f64 / (total[class] * total[class])
            };
            group.brings.iter().map(share).sum::<f64>()
        };
        // Of equally good folds the smallest, which keeps the sizes even when no class is repeated.
        let better =
            |&a: &usize, &b: &usize| cost(a).total_cmp(&cost(b)).then(size[a].cmp(&size[b]));
        let chosen = (0..folds).min_by(better).expect("there is at least one fold");
        size[chosen] += group.size;
        group.brings.iter().for_each(|(&c, &n)| *have[chosen].entry(c).or_default() += n);
        fold_of.insert(group.number, chosen);
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Sets of 2 to 3 classes in which every class has at least 6 groups.
    fn any_pieces() -> impl Strategy<Value = Pieces> {
        let groups = prop::collection::vec((0usize..3, 1usize..5), 6..40);
        groups.prop_map(|groups| {
            let fixed = (0..18).map(|i| (i % 3, 1));
            let mut pieces = (Vec::new(), Vec::new());
            for (number, (class, size)) in groups.into_iter().chain(fixed).enumerate() {
                pieces.0.extend(vec![class; size]);
                pieces.1.extend(vec![number; size]);
            }
            Pieces::new(pieces.0, pieces.1)
        })
    }

    fn groups_of(pieces: &Pieces, items: &[usize]) -> BTreeSet<usize> {
        items.iter().map(|&i| pieces.groups[i]).collect()
    }

    proptest! {
        #[test]
        fn no_group_is_on_two_sides(pieces in any_pieces(), folds in 2usize..7, seed: u64) {
            let mut tested = vec![0; pieces.len()];
            for fold in k_fold(&pieces, folds, seed).unwrap() {
                let fold = fold.with_validation(&pieces, 4, seed).unwrap();
                let sides = [&fold.train, &fold.validation, &fold.test].map(|s| groups_of(&pieces, s));
                prop_assert!(sides.iter().all(|s| !s.is_empty()));
                prop_assert!(sides[0].is_disjoint(&sides[1]));
                prop_assert!(sides[0].is_disjoint(&sides[2]));
                prop_assert!(sides[1].is_disjoint(&sides[2]));
                let n = fold.train.len() + fold.validation.len() + fold.test.len();
                prop_assert_eq!(n, pieces.len());
                fold.test.iter().for_each(|&i| tested[i] += 1);
            }
            prop_assert!(tested.iter().all(|&n| n == 1));
        }

        #[test]
        fn classes_are_shared_out_evenly(pieces in any_pieces(), folds in 2usize..7, seed: u64) {
            // The last group dealt to the fullest fold went there because that fold had least, so no two
            // folds differ by more than about one group; groups have at most 4 items.
            for class in 0..3 {
                let of_class = |f: &Fold| f.test.iter().filter(|&&i| pieces.classes[i] == class).count();
                let counts: Vec<_> = k_fold(&pieces, folds, seed).unwrap().iter().map(of_class).collect();
                let spread = counts.iter().max().unwrap() - counts.iter().min().unwrap();
                prop_assert!(spread <= 4, "{:?}", counts);
            }
        }

        #[test]
        fn holding_out_never_takes_the_last_group_of_a_class(classes in prop::collection::vec(0usize..4, 1..12), seed: u64) {
            let known: BTreeSet<usize> = classes.iter().copied().collect();
            let several = classes.len() > known.len();
            let pieces = Pieces::ungrouped(classes);
            match hold_out(&pieces, 5, seed) {
                Ok(fold) => {
                    prop_assert!(!fold.test.is_empty());
                    let trained: BTreeSet<_> = fold.train.iter().map(|&i| pieces.classes[i]).collect();
                    prop_assert_eq!(trained, known);
                }
                Err(e) => prop_assert!(!several, "{}", e),
            }
        }
    }

    #[test]
    fn equal_groups_give_exact_strata() {
        let pieces = Pieces::ungrouped((0..100).map(|i| usize::from(i % 4 == 0)).collect());
        for fold in k_fold(&pieces, 5, 9).unwrap() {
            assert_eq!(fold.test.len(), 20);
            assert_eq!(fold.test.iter().filter(|&&i| pieces.classes[i] == 1).count(), 5);
        }
        assert_eq!(hold_out(&pieces, 5, 9).unwrap().test.len(), 20);
    }

    #[test]
    fn the_seed_decides() {
        let pieces = Pieces::ungrouped((0..60).map(|i| i % 2).collect());
        assert_eq!(k_fold(&pieces, 5, 1).unwrap(), k_fold(&pieces, 5, 1).unwrap());
        assert_ne!(k_fold(&pieces, 5, 1).unwrap(), k_fold(&pieces, 5, 2).unwrap());
    }

    #[test]
    fn too_few_groups_are_an_error() {
        let one_piece_each = Pieces::new(vec![0, 0, 1, 1], ["a", "a", "b", "b"]);
        let error = k_fold(&one_piece_each, 2, 1).unwrap_err();
        assert!(error.to_string().starts_with("class 0 has 1 group(s)"), "{error}");
        assert!(hold_out(&one_piece_each, 5, 1).is_err());
        let three = Pieces::ungrouped(vec![0, 0, 0]);
        assert!(k_fold(&three, 5, 1).unwrap_err().to_string().starts_with("the set has 3"));
    }
}
