//! The confusion matrix, and what can be read off it: precision, recall and F1.

use super::{assert_same_length, ratio};

/// Counts of true classes (rows) against predicted classes (columns), with the names of the classes.
///
/// ```text
/// M[t][p] = number of items of class t that were taken for class p
/// ```
///
/// The diagonal holds what went right. For a class c, with row sum R (its *support*) and column sum C:
///
/// ```text
/// precision = M[c][c] / C        how many of those called c are c        TP / (TP + FP)
/// recall    = M[c][c] / R        how many of the c were found            TP / (TP + FN)
/// F1        = 2 M[c][c] / (R + C)   their harmonic mean                  2 TP / (2 TP + FP + FN)
/// ```
///
/// each 0 where it would be 0 / 0.
///
/// ```
/// use dlmir_eval::ConfusionMatrix;
///
/// let matrix = ConfusionMatrix::from_labels(&["music", "speech"], &[0, 0, 0, 1], &[0, 0, 1, 1]);
/// assert_eq!(matrix.count(0, 1), 1); // one piece of music was taken for speech
/// let speech = matrix.class_scores(1);
/// assert_eq!((speech.precision, speech.recall, speech.support), (0.5, 1.0, 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    /// Row-major, `[n_classes, n_classes]`.
    counts: Vec<usize>,
}

/// Precision, recall and F1, each in 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN).
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
}

/// The scores of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN).
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
    /// Number of items whose true class this is.
    pub support: usize,
}

impl ConfusionMatrix {
    /// A matrix of zeros for classes of these names.
    pub fn new(names: &[impl AsRef<str>]) -> Self {
        let n = names.len();
        let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        Self { names, counts: vec![0; n * n] }
    }

    /// Counts all items at once: `truth` and `predicted` hold a class number per item.
    ///
    /// # Panics
    ///
    /// If the slices differ in length, or a class number has no name.
    #[track_caller]
    pub fn from_labels(names: &[impl AsRef<str>], truth: &[usize], predicted: &[usize]) -> Self {
        let (n_truth, n_predicted) = (truth.len(), predicted.len());
        assert_same_length("confusion matrix", "truth", n_truth, "predictions", n_predicted);
        let mut matrix = Self::new(names);
        for (&t, &p) in truth.iter().zip(predicted) {
            matrix.record(t, p);
        }
        matrix
    }

    /// Counts one more item.
    ///
    /// # Panics
    ///
    /// If a class number has no name.
    #[track_caller]
    pub fn record(&mut self, truth: usize, predicted: usize) {
        let n = self.n_classes();
        assert!(
            truth < n && predicted < n,
            "confusion matrix: classes {truth} (true) and {predicted} (predicted) of {n}"
        );
        self.counts[truth * n + predicted] += 1;
    }

    /// Number of classes, whether they occur or not.
    pub fn n_classes(&self) -> usize {
        self.names.len()
    }

    /// The names, in the order of the rows and of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Items of class `truth` that were taken for class `predicted`.
    ///
    /// # Panics
    ///
    /// If a class number is too large.
    #[track_caller]
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        self.row(truth)[predicted]
    }

    /// What the items of class `truth` were taken for.
    ///
    /// # Panics
    ///
    /// If the class number is too large.
    #[track_caller]
    pub fn row(&self, truth: usize) -> &[usize] {
        let n = self.n_classes();
        &self.counts[truth * n..(truth + 1) * n]
    }

    /// Number of items counted.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Share of the items on the diagonal; 0 if there are none.
    pub fn accuracy(&self) -> f64 {
        ratio(self.diagonal_sum(), self.total())
    }

    /// Precision, recall, F1 and support of one class.
    ///
    /// # Panics
    ///
    /// If the class number is too large.
    #[track_caller]
    pub fn class_scores(&self, class: usize) -> ClassScores {
        let found = self.count(class, class);
        let (support, called) = (self.support(class), self.called(class));
        ClassScores {
            precision: ratio(found, called),
            recall: ratio(found, support),
            f1: ratio(2 * found, support + called),
            support,
        }
    }

    /// [`class_scores`](Self::class_scores) of every class, in order.
    pub fn per_class(&self) -> Vec<ClassScores> {
        (0..self.n_classes()).map(|class| self.class_scores(class)).collect()
    }

    /// Mean of the class scores over the classes that occur, as true or as predicted class, each with
    /// the same weight. This is scikit-learn's `average="macro"` when no list of labels is given. The
    /// macro F1 is the mean of the F1s, not the F1 of the means. Of no items: 0.
    pub fn macro_average(&self) -> Scores {
        let occurs = |class: &usize| self.support(*class) + self.called(*class) > 0;
        let classes: Vec<usize> = (0..self.n_classes()).filter(occurs).collect();
        self.mean_over(&classes)
    }

    /// As [`macro_average`](Self::macro_average), but over all classes that have a name: one that never
    /// occurs counts as 0. This is scikit-learn's `average="macro", labels=[0, 1, ...]`.
    pub fn macro_average_of_all(&self) -> Scores {
        let classes: Vec<usize> = (0..self.n_classes()).collect();
        self.mean_over(&classes)
    }

    /// Mean of the class scores, each weighted by the support of its class. Of no items: 0.
    pub fn weighted_average(&self) -> Scores {
        let total = self.total().max(1) as f64;
        let mut mean = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };
        for scores in self.per_class() {
            let weight = scores.support as f64 / total;
            mean.precision += weight * scores.precision;
            mean.recall += weight * scores.recall;
            mean.f1 += weight * scores.f1;
        }
        mean
    }

    /// Scores of TP, FP and FN summed over the classes. With one class per item each error is one FP
    /// and one FN, so all three are the accuracy.
    pub fn micro_average(&self) -> Scores {
        let accuracy = self.accuracy();
        Scores { precision: accuracy, recall: accuracy, f1: accuracy }
    }

    fn mean_over(&self, classes: &[usize]) -> Scores {
        let n = classes.len().max(1) as f64;
        let mut sum = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };
        for &class in classes {
            let scores = self.class_scores(class);
            sum.precision += scores.precision;
            sum.recall += scores.recall;
            sum.f1 += scores.f1;
        }
        Scores { precision: sum.precision / n, recall: sum.recall / n, f1: sum.f1 / n }
    }

    /// Row sum: TP + FN.
    pub(super) fn support(&self, class: usize) -> usize {
        self.row(class).iter().sum()
    }

    /// Column sum: TP + FP.
    pub(super) fn called(&self, class: usize) -> usize {
        (0..self.n_classes()).map(|truth| self.count(truth, class)).sum()
    }

    fn diagonal_sum(&self) -> usize {
        (0..self.n_classes()).map(|class| self.count(class, class)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn a_class_that_never_occurs_is_left_out_of_one_macro_average_only() {
        let names = ["a", "b", "c", "d"];
        let matrix = ConfusionMatrix::from_labels(&names, &[0, 1, 3], &[0, 1, 1]);
        assert_abs_diff_eq!(matrix.macro_average().f1, 5.0 / 9.0, epsilon = 1e-15);
        assert_abs_diff_eq!(matrix.macro_average_of_all().f1, 5.0 / 12.0, epsilon = 1e-15);
    }

    #[test]
    fn scores_of_nothing_are_zero() {
        let zero = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };
        for matrix in [ConfusionMatrix::new(&["a", "b"]), ConfusionMatrix::new(&[""; 0])] {
            assert_eq!(matrix.accuracy(), 0.0);
            assert_eq!(matrix.macro_average(), zero);
            assert_eq!(matrix.macro_average_of_all(), zero);
            assert_eq!(matrix.weighted_average(), zero);
            assert_eq!(matrix.micro_average(), zero);
        }
    }

    #[test]
    #[should_panic(expected = "classes 2 (true) and 0 (predicted) of 2")]
    fn a_class_without_a_name_panics() {
        ConfusionMatrix::from_labels(&["a", "b"], &[2], &[0]);
    }

    /// TP, FP and FN of a class counted item by item: the definition, without the matrix.
    fn counted(class: usize, items: &[(usize, usize)]) -> (usize, usize, usize) {
        let count = |f: &dyn Fn(bool, bool) -> bool| {
            items.iter().filter(|&&(t, p)| f(t == class, p == class)).count()
        };
        (count(&|t, p| t && p), count(&|t, p| !t && p), count(&|t, p| t && !p))
    }

    proptest! {
        #[test]
        fn scores_are_those_of_counting(
            items in prop::collection::vec((0_usize..4, 0_usize..4), 0..40)
        ) {
            let (truth, predicted): (Vec<_>, Vec<_>) = items.iter().copied().unzip();
            let names = ["a", "b", "c", "d"];
            let matrix = ConfusionMatrix::from_labels(&names, &truth, &predicted);
            prop_assert_eq!(matrix.accuracy(), crate::accuracy(&truth, &predicted));
            let (mut all_tp, mut all_fp, mut all_fn) = (0, 0, 0);
            for class in 0..4 {
                let (tp, fp, fn_) = counted(class, &items);
                let scores = matrix.class_scores(class);
                prop_assert_eq!(scores.precision, ratio(tp, tp + fp));
                prop_assert_eq!(scores.recall, ratio(tp, tp + fn_));
                prop_assert_eq!(scores.f1, ratio(2 * tp, 2 * tp + fp + fn_));
                prop_assert_eq!(scores.support, tp + fn_);
                all_tp += tp;
                all_fp += fp;
                all_fn += fn_;
            }
            let micro = matrix.micro_average();
            prop_assert_eq!(micro.precision, ratio(all_tp, all_tp + all_fp));
            prop_assert_eq!(micro.recall, ratio(all_tp, all_tp + all_fn));
            prop_assert_eq!(micro.f1, ratio(2 * all_tp, 2 * all_tp + all_fp + all_fn));
        }
    }
}
