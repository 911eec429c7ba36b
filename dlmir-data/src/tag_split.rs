//! Splits of multi-label sets: stratified by tag, with groups kept whole.
//!
//! With ten moods and three per song nearly every combination of tags is unique, so that combinations cannot be strata.
//! Iterative stratification deals out the rarest tag first, while there is still freedom to share it fairly:
//!
//! ```text
//! want[j]     = share[j] * items             what fold j should get in all
//! want[j][t]  = share[j] * items with tag t  and of each tag
//! while items are left:
//!     t = the tag with the fewest items left, but at least one
//!     for each item with t:
//!         j = the fold with the largest want[j][t]; of equals that with the largest want[j]; of equals any
//!         give the item to j; want[j] and want[j][u], for each tag u of the item, go down by one
//! ```
//!
//! and items without any tag come last, each to the fold with the largest `want[j]`.
//!
//! Here whole groups (pieces, artists) are dealt out instead of items: a group counts as often as it has items with the tag.
//! Groups that bring most of the tag go first, for the same reason that rare tags do; the order of equals is the seed's.
//!
//! K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the stratification of multi-label data", ECML PKDD 2011, algorithm 1.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::DataError;
use crate::rng::{Rng, stream};
use crate::split::Fold;

/// Tags and group of each item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedPieces {
    tags: Vec<Vec<usize>>,
    groups: Vec<usize>,
}

impl TaggedPieces {
    /// From the tags (as numbers; a repeated one counts once) and the group's name of each item.
    ///
    /// # Panics
    /// If there are not as many groups as lists of tags.
    #[track_caller]
    pub fn new<G: Ord>(tags: Vec<Vec<usize>>, groups: impl IntoIterator<Item = G>) -> TaggedPieces {
        let names: Vec<G> = groups.into_iter().collect();
        assert_eq!(tags.len(), names.len(), "pieces: one list of tags and one group for each item");
        let mut numbers: BTreeMap<&G, usize> = names.iter().map(|name| (name, 0)).collect();
        numbers.values_mut().enumerate().for_each(|(number, slot)| *slot = number);
        let groups = names.iter().map(|name| numbers[name]).collect();
        TaggedPieces::numbered(tags, groups)
    }

    /// Items without groups: each stands alone.
    pub fn ungrouped(tags: Vec<Vec<usize>>) -> TaggedPieces {
        let groups = (0..tags.len()).collect();
        TaggedPieces::numbered(tags, groups)
    }

    fn numbered(mut tags: Vec<Vec<usize>>, groups: Vec<usize>) -> TaggedPieces {
        for tags in &mut tags {
            tags.sort_unstable();
            tags.dedup();
        }
        TaggedPieces { tags, groups }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// True without any item.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// The tags of each item, ascending.
    pub fn tags(&self) -> &[Vec<usize>] {
        &self.tags
    }

    /// The group of each item, as a number: for bootstrap over groups.
    pub fn groups(&self) -> &[usize] {
        &self.groups
    }

    /// Cross-validation by group and stratified by tag: the test parts together are all items, each once. The validation lists
    /// are empty. A tag may be missing in training if all its items are in one group; [`TaggedPieces::untrained_tags`] tells.
    ///
    /// # Errors
    /// If there are fewer groups than folds.
    ///
    /// # Panics
    /// If `folds` is below 2.
    #[track_caller]
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<Fold>, DataError> {
        assert!(folds >= 2, "split: cross-validation needs at least 2 folds, not {folds}");
        let parts = self.parts(&vec![1.0; folds], seed)?;
        let fold = |test: &Vec<usize>| {
            let train = (0..self.len()).filter(|i| test.binary_search(i).is_err()).collect();
            Fold { train, validation: Vec::new(), test: test.clone() }
        };
        Ok(parts.iter().map(fold).collect())
    }

    /// Three parts with these shares, by group and stratified by tag: (0.8, 0.1, 0.1) is usual. A validation share of 0 gives none.
    ///
    /// # Errors
    /// If there are fewer groups than parts.
    ///
    /// # Panics
    /// If a share is negative or not finite, or that of training or test is 0.
    #[track_caller]
    pub fn train_valid_test(&self, shares: [f64; 3], seed: u64) -> Result<Fold, DataError> {
        let [train, valid, test] = shares;
        let sound =
            train > 0.0 && valid >= 0.0 && test > 0.0 && shares.iter().all(|s| s.is_finite());
        assert!(sound, "split: the shares {shares:?} are not those of three parts");
        let mut parts = self.parts(&shares, seed)?.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        Ok(Fold { train: next(), validation: next(), test: next() })
    }

    /// The tags that are tested or validated but never trained: their scores will be chance.
    pub fn untrained_tags(&self, fold: &Fold) -> Vec<usize> {
        let tags = |items: &[usize]| -> Vec<usize> {
            let mut tags: Vec<usize> = items.iter().flat_map(|&i| self.tags[i].clone()).collect();
            tags.sort_unstable();
            tags.dedup();
            tags
        };
        let trained = tags(&fold.train);
        let asked = tags(&[fold.validation.as_slice(), &fold.test].concat());
        asked.into_iter().filter(|tag| trained.binary_search(tag).is_err()).collect()
    }

    /// Deals the groups out to parts with these shares; the items of each, ascending.
    fn parts(&self, shares: &[f64], seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
        let mut groups = self.sizes();
        let filled = shares.iter().filter(|&&share| share > 0.0).count();
        if groups.len() < filled {
            let (what, groups) = ("the set".into(), groups.len());
            return Err(DataError::TooFewGroups { what, groups, needed: filled });
        }
        let mut rng = Rng::at(seed, 3, 0, stream::SPLIT);
        rng.shuffle(&mut groups);
        let part_of = self.deal(groups, shares, &mut rng);
        let mut parts = vec![Vec::new(); shares.len()];
        for (item, group) in self.groups.iter().enumerate() {
            parts[part_of[group]].push(item);
        }
        Ok(parts)
    }

    fn sizes(&self) -> Vec<Group> {
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for (tags, &number) in self.tags.iter().zip(&self.groups) {
            let empty = || Group { number, size: 0, brings: BTreeMap::new() };
            let group = groups.entry(number).or_insert_with(empty);
            group.size += 1;
            tags.iter().for_each(|&tag| *group.brings.entry(tag).or_default() += 1);
        }
        groups.into_values().collect()
    }

    /// Group number to part: the algorithm above.
    fn deal(&self, groups: Vec<Group>, shares: &[f64], rng: &mut Rng) -> BTreeMap<usize, usize> {
        let sum: f64 = shares.iter().sum();
        let wanted =
            |items: usize| shares.iter().map(|s| s / sum * items as f64).collect::<Vec<_>>();
        let mut left: BTreeMap<usize, usize> = BTreeMap::new();
        for (&tag, &n) in groups.iter().flat_map(|g| &g.brings) {
            *left.entry(tag).or_default() += n;
        }
        let mut want = wanted(self.len());
        let mut want_tag: BTreeMap<usize, Vec<f64>> =
            left.iter().map(|(&t, &n)| (t, wanted(n))).collect();

        let mut rest: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
        let mut part_of = BTreeMap::new();
        loop {
            // The rarest tag that is left; at the end the groups without any.
            let rarest = left.iter().filter(|&(_, &n)| n > 0).min_by_key(|&(_, &n)| n);
            let tag = rarest.map(|(&tag, _)| tag);
            let brings =
                |g: &Group| tag.map_or(g.size, |tag| g.brings.get(&tag).copied().unwrap_or(0));
            let with = |g: &Option<Group>| g.as_ref().is_some_and(|g| brings(g) > 0);
            let mut turn: Vec<usize> = (0..rest.len()).filter(|&i| with(&rest[i])).collect();
            turn.sort_by_key(|&i| Reverse(rest[i].as_ref().map(brings)));
            for group in turn.into_iter().filter_map(|i| rest[i].take()) {
                let score = |j: usize| (tag.map_or(0.0, |tag| want_tag[&tag][j]), want[j]);
                let part = largest(shares, score, rng);
                want[part] -= group.size as f64;
                for (tag, &n) in &group.brings {
                    *left.get_mut(tag).expect("counted above") -= n;
                    want_tag.get_mut(tag).expect("counted above")[part] -= n as f64;
                }
                part_of.insert(group.number, part);
            }
            if tag.is_none() {
                return fill(part_of, shares);
            }
        }
    }
}

/// A group: how many items it has, and how many with each tag.
struct Group {
    number: usize,
    size: usize,
    brings: BTreeMap<usize, usize>,
}

/// The part with the largest score among those that have a share; of equals any.
fn largest(shares: &[f64], score: impl Fn(usize) -> (f64, f64), rng: &mut Rng) -> usize {
    let parts: Vec<usize> = (0..shares.len()).filter(|&j| shares[j] > 0.0).collect();
    let order = |a: (f64, f64), b: (f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
    let best = parts.iter().map(|&j| score(j)).max_by(|&a, &b| order(a, b));
    let best = best.expect("a part has a share");
    // Differences of rounding are none: shares like 1/3 do not add up exactly.
    let equal = |x: f64, y: f64| (x - y).abs() < 1e-9;
    let near = |s: (f64, f64)| equal(s.0, best.0) && equal(s.1, best.1);
    let equals: Vec<usize> = parts.into_iter().filter(|&j| near(score(j))).collect();
    *rng.pick(&equals)
}

/// Gives a group to each part that came out empty, from the part with the most groups: a test of nothing tests nothing. Only sets
/// of a few groups need it.
fn fill(mut part_of: BTreeMap<usize, usize>, shares: &[f64]) -> BTreeMap<usize, usize> {
    let count =
        |part_of: &BTreeMap<usize, usize>, part| part_of.values().filter(|&&p| p == part).count();
    for empty in (0..shares.len()).filter(|&j| shares[j] > 0.0) {
        if count(&part_of, empty) == 0 {
            let fullest = (0..shares.len()).max_by_key(|&j| count(&part_of, j));
            let spare = part_of.iter().find(|&(_, &part)| Some(part) == fullest);
            if let Some(group) = spare.map(|(&group, _)| group) {
                part_of.insert(group, empty);
            }
        }
    }
    part_of
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn any_pieces() -> impl Strategy<Value = TaggedPieces> {
        let item = (prop::collection::vec(0usize..6, 0..4), 0usize..25);
        prop::collection::vec(item, 12..120).prop_map(|mut items| {
            // Seven groups at least.
            items.iter_mut().take(7).enumerate().for_each(|(i, item)| item.1 = i);
            let (tags, groups): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            TaggedPieces::new(tags, groups)
        })
    }

    fn groups_of(pieces: &TaggedPieces, items: &[usize]) -> BTreeSet<usize> {
        items.iter().map(|&i| pieces.groups[i]).collect()
    }

    proptest! {
        #[test]
        fn no_group_is_on_two_sides(pieces in any_pieces(), folds in 2usize..7, seed: u64) {
            let mut tested = vec![0; pieces.len()];
            for fold in pieces.k_fold(folds, seed).unwrap() {
                prop_assert!(!fold.test.is_empty() && !fold.train.is_empty());
                prop_assert!(groups_of(&pieces, &fold.train).is_disjoint(&groups_of(&pieces, &fold.test)));
                fold.test.iter().for_each(|&i| tested[i] += 1);
            }
            prop_assert!(tested.iter().all(|&n| n == 1));

            let fold = pieces.train_valid_test([0.7, 0.1, 0.2], seed).unwrap();
            let sides = [&fold.train, &fold.validation, &fold.test].map(|s| groups_of(&pieces, s));
            prop_assert!(sides.iter().all(|s| !s.is_empty()));
            prop_assert!(sides[0].is_disjoint(&sides[1]) && sides[0].is_disjoint(&sides[2]));
            prop_assert!(sides[1].is_disjoint(&sides[2]));
            let items = fold.train.len() + fold.validation.len() + fold.test.len();
            prop_assert_eq!(items, pieces.len());
        }

        #[test]
        fn the_rarest_tag_is_shared_out_to_the_last_item(
            common in prop::collection::vec(prop::collection::vec(1usize..5, 1..4), 40..80),
            rare in 1usize..10,
            folds in 2usize..6,
            seed: u64,
        ) {
            // The first tag dealt out has no other to heed: no two folds differ by more than one item.
            let mut tags = common;
            tags.iter_mut().take(rare).for_each(|t| t.push(0));
            let pieces = TaggedPieces::ungrouped(tags);
            let count = |tag| pieces.tags.iter().filter(|t| t.contains(&tag)).count();
            prop_assume!((1..5).all(|tag| count(tag) == 0 || count(tag) > count(0)));
            let of_rare = |f: &Fold| f.test.iter().filter(|&&i| pieces.tags[i].contains(&0)).count();
            let counts: Vec<usize> = pieces.k_fold(folds, seed).unwrap().iter().map(of_rare).collect();
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
        }
    }

    /// Tag densities come out nearer to the set's than by chance: the paper's measure LD, the mean difference of the odds of a tag
    /// between fold and set.
    #[test]
    fn tags_are_shared_out_more_evenly_than_by_chance() {
        let mut rng = crate::Rng::at(7, 0, 0, 99);
        let frequency = [0.4f32, 0.2, 0.1, 0.05, 0.03];
        let tags =
            (0..600).map(|_| (0..5).filter(|&t| rng.chance(frequency[t])).collect()).collect();
        let pieces = TaggedPieces::ungrouped(tags);
        let odds = |items: &[usize], tag: usize| {
            let with = items.iter().filter(|&&i| pieces.tags[i].contains(&tag)).count() as f64;
            with / (items.len() as f64 - with)
        };
        let all: Vec<usize> = (0..pieces.len()).collect();
        let difference = |folds: &[Vec<usize>]| {
            let of = |fold: &Vec<usize>| {
                (0..5).map(|t| (odds(fold, t) - odds(&all, t)).abs()).sum::<f64>()
            };
            folds.iter().map(of).sum::<f64>() / (5 * folds.len()) as f64
        };
        let ours: Vec<_> = pieces.k_fold(5, 1).unwrap().into_iter().map(|f| f.test).collect();
        let mut shuffled = all.clone();
        rng.shuffle(&mut shuffled);
        let chance: Vec<_> = shuffled.chunks(120).map(<[usize]>::to_vec).collect();
        let (ours, chance) = (difference(&ours), difference(&chance));
        assert!(ours < 0.01 && chance > 4.0 * ours, "{ours} against {chance}");
    }

    #[test]
    fn the_seed_decides_and_shares_are_kept() {
        let tags: Vec<Vec<usize>> = (0..200).map(|i| vec![i % 3, 3 + i % 2]).collect();
        let pieces = TaggedPieces::ungrouped(tags);
        let split = |seed| pieces.train_valid_test([0.8, 0.1, 0.1], seed).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
        let fold = split(1);
        assert!(fold.train.len().abs_diff(160) <= 3 && fold.test.len().abs_diff(20) <= 3);
        let none = pieces.train_valid_test([0.8, 0.0, 0.2], 1).unwrap();
        assert!(none.validation.is_empty() && none.test.len().abs_diff(40) <= 3);
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        let pieces = TaggedPieces::new(vec![vec![0, 0], vec![1], vec![]], ["a", "b", "b"]);
        assert_eq!(pieces.tags()[0], [0]);
        let error = pieces.k_fold(3, 1).unwrap_err().to_string();
        assert!(error.starts_with("the set has 2 group(s), but 3 are needed"), "{error}");
        let folds = pieces.k_fold(2, 1).unwrap();
        let untrained: BTreeSet<_> = folds.iter().flat_map(|f| pieces.untrained_tags(f)).collect();
        assert_eq!(untrained, BTreeSet::from([0, 1]));
    }
}
