//! Mini-batches: in which order, and in which pieces, items are shown to the network.
//!
//! Every epoch sees the items in a new random order, cut into batches. The order of epoch 12 is a
//! function of (seed, 12), not of the eleven shuffles before, so that a run that is taken up again after
//! epoch 11 continues with the very batches it would have had.

use crate::rng::{Rng, stream};

/// Shuffled mini-batches of item indices.
///
/// ```
/// use dlmir_data::Batches;
///
/// let batches = Batches::new((0..10).collect(), 4);
/// let sizes: Vec<usize> = batches.epoch(1, 0).map(|batch| batch.len()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// ```
#[derive(Debug, Clone)]
pub struct Batches {
    /// The items by class; a single list without balancing.
    lists: Vec<Vec<usize>>,
    size: usize,
    drop_last: bool,
}

impl Batches {
    /// Batches of `size` of these items (indices into any list, such as [`Fold::train`](crate::Fold)).
    /// A short batch at the end of an epoch is kept.
    ///
    /// # Panics
    /// If the size is 0.
    #[track_caller]
    pub fn new(items: Vec<usize>, size: usize) -> Batches {
        assert!(size > 0, "batches: a batch needs at least one item");
        Batches { lists: vec![items], size, drop_last: false }
    }

    /// Leaves out a short batch at the end of an epoch. Each epoch leaves out other items.
    pub fn drop_last(mut self) -> Batches {
        self.drop_last = true;
        self
    }

    /// Draws from every class in turn, so that each batch holds as many items of one class as of
    /// another (give or take one). An epoch shows the largest class once and repeats items of the
    /// smaller ones, in a new order each time round: [`epoch_with_rounds`](Batches::epoch_with_rounds)
    /// says which repetition it is. `class_of` gives an item's class.
    pub fn balanced(mut self, class_of: impl Fn(usize) -> usize) -> Batches {
        let mut by_class = std::collections::BTreeMap::<usize, Vec<usize>>::new();
        for item in self.lists.concat() {
            by_class.entry(class_of(item)).or_default().push(item);
        }
        self.lists = by_class.into_values().collect();
        self
    }

    /// How many batches an epoch has.
    pub fn len(&self) -> usize {
        let items = self.items_per_epoch();
        if self.drop_last { items / self.size } else { items.div_ceil(self.size) }
    }

    /// True if an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn items_per_epoch(&self) -> usize {
        self.lists.iter().map(Vec::len).max().unwrap_or(0) * self.lists.len()
    }

    /// The batches of one epoch, always the same for the same seed and epoch.
    pub fn epoch(
        &self,
        seed: u64,
        epoch: u64,
    ) -> impl ExactSizeIterator<Item = Vec<usize>> + use<> {
        let batches = self.epoch_with_rounds(seed, epoch);
        batches.map(|batch| batch.into_iter().map(|(item, _)| item).collect())
    }

    /// As [`epoch`](Batches::epoch), each item with its round: how often the epoch has shown it before.
    /// Only [`balanced`](Batches::balanced) batches of unequal classes have rounds above 0.
    ///
    /// What is drawn at random for an item (a crop, noise) is addressed by seed, epoch and item. An item
    /// that comes round again would get the very same draw, so its address needs the round as well, such
    /// as `item + round * n` where `n` is the number of items:
    ///
    /// ```
    /// use dlmir_data::Batches;
    ///
    /// let class = [0, 0, 0, 1];
    /// let batches = Batches::new((0..4).collect(), 2).balanced(|item| class[item]);
    /// let mut rounds: Vec<u64> = batches
    ///     .epoch_with_rounds(1, 0)
    ///     .flatten()
    ///     .filter_map(|(item, round)| (item == 3).then_some(round))
    ///     .collect();
    /// rounds.sort_unstable();
    /// assert_eq!(rounds, [0, 1, 2]);
    /// ```
    pub fn epoch_with_rounds(
        &self,
        seed: u64,
        epoch: u64,
    ) -> impl ExactSizeIterator<Item = Vec<(usize, u64)>> + use<> {
        let n = self.items_per_epoch();
        let per_class = n / self.lists.len().max(1);
        let orders: Vec<Vec<(usize, u64)>> = (0..)
            .zip(&self.lists)
            .map(|(class, list)| {
                let mut rng = Rng::at(seed, epoch, class, stream::BATCH);
                let mut order = Vec::with_capacity(per_class + list.len());
                for round in 0.. {
                    if order.len() >= per_class {
                        break;
                    }
                    let mut shuffled = list.clone();
                    rng.shuffle(&mut shuffled);
                    order.extend(shuffled.into_iter().map(|item| (item, round)));
                }
                order
            })
            .collect();
        // One of each class in turn; with a single list this is just its order.
        let order: Vec<(usize, u64)> =
            (0..n).map(|i| orders[i % orders.len()][i / orders.len()]).collect();
        let size = self.size;
        (0..self.len()).map(move |b| order[b * size..n.min((b + 1) * size)].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_epoch_shows_every_item_once(n in 0usize..50, size in 1usize..9, seed: u64, epoch in 0u64..99) {
            let batches = Batches::new((100..100 + n).collect(), size);
            let epoch: Vec<Vec<usize>> = batches.epoch(seed, epoch).collect();
            prop_assert_eq!(epoch.len(), batches.len());
            prop_assert!(epoch.iter().rev().skip(1).all(|b| b.len() == size));
            let mut seen = epoch.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (100..100 + n).collect::<Vec<_>>());
        }

        #[test]
        fn balanced_batches_hold_each_class_alike(a in 1usize..30, b in 1usize..30, seed: u64) {
            let batches = Batches::new((0..a + b).collect(), 6).balanced(|i| usize::from(i >= a));
            let mut seen = vec![0; a + b];
            for batch in batches.epoch(seed, 3) {
                let second = batch.iter().filter(|&&i| i >= a).count();
                prop_assert_eq!(second, batch.len() / 2);
                batch.iter().for_each(|&i| seen[i] += 1);
            }
            // Within a class no item is shown twice more than another.
            for class in [&seen[..a], &seen[a..]] {
                prop_assert!(class.iter().max().unwrap() - class.iter().min().unwrap() <= 1);
                prop_assert!(*class.iter().min().unwrap() >= 1);
            }
        }
    }

    /// An item and its round together are an address that no other showing of the epoch has.
    #[test]
    fn no_round_shows_an_item_twice() {
        let batches = Batches::new((0..13).collect(), 4).balanced(|i| usize::from(i >= 10));
        let mut shown = batches.epoch_with_rounds(5, 2).collect::<Vec<_>>().concat();
        assert!(shown.iter().all(|&(i, round)| (i >= 10 && round <= 3) || round == 0));
        let n = shown.len();
        shown.sort_unstable();
        shown.dedup();
        assert_eq!((n, shown.len()), (20, 20));
        let plain = Batches::new((0..13).collect(), 4);
        assert!(plain.epoch_with_rounds(5, 2).flatten().all(|(_, round)| round == 0));
    }

    #[test]
    fn order_is_a_function_of_seed_and_epoch() {
        let order =
            |seed, epoch| Batches::new((0..40).collect(), 7).epoch(seed, epoch).collect::<Vec<_>>();
        assert_eq!(order(1, 5), order(1, 5));
        assert_ne!(order(1, 5), order(1, 6));
        assert_ne!(order(1, 5), order(2, 5));
    }

    #[test]
    fn a_short_last_batch_can_be_dropped() {
        let batches = Batches::new((0..10).collect(), 4).drop_last();
        assert_eq!(batches.epoch(1, 1).map(|b| b.len()).collect::<Vec<_>>(), [4, 4]);
        assert!(Batches::new(vec![1], 4).drop_last().is_empty());
    }
}
