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
//!
//! Where groups bring several classes at once, this can put all groups of a class into one fold, whose
//! test would then ask for a class that training never met. Afterwards groups are moved until no class
//! is that unlucky.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

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
/// once, and whose training parts have every class. The validation lists are empty.
///
/// # Errors
/// If there are fewer groups than folds, or a class has a single group: tested, it would be unknown. Or
/// if groups of several classes are so few that every split found leaves a class out of training.
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
    let mut fold_of = deal(groups.clone(), folds, Rng::at(seed, 0, 0, stream::SPLIT));
    spread(&groups, folds, &mut fold_of, Rng::at(seed, 2, 0, stream::SPLIT))?;
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

/// Moves groups until no class has all of its groups in one fold. Every class has two groups or more.
///
/// Each step takes one of the classes that are stuck in a fold and moves one of its groups: the one that
/// leaves the fewest classes stuck, or any if none leaves fewer than there are. That finds a way out of
/// nearly every small puzzle; large sets have none to solve.
fn spread(
    groups: &[Group],
    folds: usize,
    fold_of: &mut BTreeMap<usize, usize>,
    mut rng: Rng,
) -> Result<(), DataError> {
    const MAX_MOVES: usize = 1000;
    for moved in 0.. {
        let stuck = in_one_fold(groups, fold_of);
        let Some(&first) = stuck.first() else { break };
        if moved == MAX_MOVES {
            // One more group of this class alone would do.
            let count = groups_per_class(groups)[&first];
            let what = format!("class {first}");
            return Err(DataError::TooFewGroups { what, groups: count, needed: count + 1 });
        }
        let class = *rng.pick(&stuck);
        // Another group of the class stays where this one was, so no fold is emptied.
        let mut moves = Vec::new();
        for group in groups.iter().filter(|g| g.brings.contains_key(&class)) {
            let home = fold_of[&group.number];
            for to in (0..folds).filter(|&fold| fold != home) {
                fold_of.insert(group.number, to);
                moves.push((in_one_fold(groups, fold_of).len(), group.size, group.number, to));
            }
            fold_of.insert(group.number, home);
        }
        let best = *moves.iter().min().expect("two groups and two folds at least");
        let (_, _, number, to) = if best.0 < stuck.len() { best } else { *rng.pick(&moves) };
        fold_of.insert(number, to);
    }
    Ok(())
}

/// The classes whose groups are all in the same fold.
fn in_one_fold(groups: &[Group], fold_of: &BTreeMap<usize, usize>) -> Vec<usize> {
    let mut first_fold = BTreeMap::new();
    let mut spread = BTreeSet::new();
    for group in groups {
        let fold = fold_of[&group.number];
        for &class in group.brings.keys() {
            if *first_fold.entry(class).or_insert(fold) != fold {
                spread.insert(class);
            }
        }
    }
    first_fold.into_keys().filter(|class| !spread.contains(class)).collect()
}

#[cfg(test)]
mod tests {
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

    /// The classes that each fold's training part has.
    fn trained(pieces: &Pieces, folds: &[Fold]) -> Vec<BTreeSet<usize>> {
        let classes = |f: &Fold| f.train.iter().map(|&i| pieces.classes[i]).collect();
        folds.iter().map(classes).collect()
    }

    /// One item for each (group, class).
    fn pieces_of(groups: &[Vec<usize>]) -> Pieces {
        let items = (0..).zip(groups).flat_map(|(g, classes)| classes.iter().map(move |&c| (c, g)));
        let (classes, groups): (Vec<usize>, Vec<usize>) = items.unzip();
        Pieces::new(classes, groups)
    }

    proptest! {
        // Groups of several classes: every training part has every class, or it can't be had.
        #[test]
        fn no_fold_trains_without_a_class(
            groups in prop::collection::vec(prop::collection::vec(0usize..4, 1..6), 2..9),
            folds in 2usize..4,
            seed: u64,
        ) {
            let pieces = pieces_of(&groups);
            let known: BTreeSet<usize> = groups.concat().into_iter().collect();
            // Every way to deal the groups out, as a number with a digit per group.
            let dealt = |way: usize, g: usize| way / folds.pow(g as u32) % folds;
            let spread = |way: usize, class: &usize| {
                let with = (0..groups.len()).filter(|&g| groups[g].contains(class));
                with.map(|g| dealt(way, g)).collect::<BTreeSet<_>>().len() > 1
            };
            let mut ways = 0..folds.pow(groups.len() as u32);
            let possible = groups.len() >= folds && ways.any(|way| known.iter().all(|c| spread(way, c)));
            match k_fold(&pieces, folds, seed) {
                Ok(split) => {
                    prop_assert!(split.iter().all(|fold| !fold.test.is_empty()));
                    prop_assert!(trained(&pieces, &split).iter().all(|classes| *classes == known));
                    prop_assert_eq!(split.iter().map(|f| f.test.len()).sum::<usize>(), pieces.len());
                }
                Err(error) => prop_assert!(!possible, "{}", error),
            }
        }
    }

    #[test]
    fn a_class_that_landed_in_one_fold_is_spread() {
        // Greedily, the large group of classes 1 and 2 goes to one fold and both of class 0 to the other.
        let groups = [vec![1, 1, 1, 1, 2, 2, 2, 2], vec![0; 4], vec![0, 1, 2]];
        let pieces = pieces_of(&groups);
        for seed in 0..5 {
            let split = k_fold(&pieces, 2, seed).unwrap();
            assert!(trained(&pieces, &split).iter().all(|classes| classes.len() == 3));
        }
    }

    #[test]
    fn a_class_that_cannot_be_spread_is_an_error() {
        // Of three groups two share a fold, and the class that these two have is in no other.
        let pieces = pieces_of(&[vec![0, 1], vec![1, 2], vec![2, 0]]);
        let error = k_fold(&pieces, 2, 1).unwrap_err().to_string();
        assert!(error.contains("has 2 group(s), but 3 are needed"), "{error}");
        assert!(k_fold(&pieces, 3, 1).is_ok());
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
