//! Single figures that a lucky guess or a large class cannot flatter: balanced accuracy, Cohen's kappa,
//! Matthews' correlation.

use super::ConfusionMatrix;

/// How far apart two classes are taken to be by [`ConfusionMatrix::cohen_kappa`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// Each confusion counts the same: classes without order.
    Unweighted,
    /// |i - j|: classes in order, such as tempo from slow to fast.
    Linear,
    /// (i - j)^2: near misses cost little.
    Quadratic,
}

impl ConfusionMatrix {
    /// Mean recall over the classes that occur as true ones: what the accuracy would be if all classes
    /// were of one size. A constant answer scores 1 / n_classes. Of no items: 0. scikit-learn's
    /// `balanced_accuracy_score`.
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls = self.per_class().into_iter().filter(|class| class.support > 0);
        let recalls: Vec<f64> = recalls.map(|class| class.recall).collect();
        recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
    }

    /// Agreement beyond that of two who answer independently, each with the shares of classes seen here.
    ///
    /// ```text
    /// kappa = 1 - sum w[i][j] M[i][j] / sum w[i][j] E[i][j]        E[i][j] = R[i] C[j] / n
    /// ```
    ///
    /// with the row and column sums R and C; w is 0 on the diagonal, and elsewhere 1, |i - j| or
    /// (i - j)^2. 1: always agree; 0: as by chance; negative: worse. NaN where chance cannot disagree: no
    /// items, or all of one class and called so. scikit-learn's `cohen_kappa_score` with `labels` all the
    /// classes.
    ///
    /// Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological
    /// Measurement 20, 37-46; weights: Cohen (1968), Psychological Bulletin 70, 213-220.
    ///
    /// ```
    /// use dlmir_eval::{ConfusionMatrix, KappaWeights};
    ///
    /// let names = ["slow", "medium", "fast"];
    /// let matrix = ConfusionMatrix::from_labels(&names, &[0, 1, 2, 2], &[0, 1, 2, 1]);
    /// let plain = matrix.cohen_kappa(KappaWeights::Unweighted);
    /// assert!(matrix.cohen_kappa(KappaWeights::Quadratic) > plain); // the one miss is a near one
    /// ```
    pub fn cohen_kappa(&self, weights: KappaWeights) -> f64 {
        let n = self.n_classes();
        let weight = |i: usize, j: usize| {
            let distance = i.abs_diff(j) as f64;
            match weights {
                KappaWeights::Unweighted => distance.min(1.0),
                KappaWeights::Linear => distance,
                KappaWeights::Quadratic => distance * distance,
            }
        };
        let (mut seen, mut by_chance) = (0.0, 0.0);
        for i in 0..n {
            for j in 0..n {
                let expected = self.support(i) as f64 * self.called(j) as f64 / self.total() as f64;
                seen += weight(i, j) * self.count(i, j) as f64;
                by_chance += weight(i, j) * expected;
            }
        }
        1.0 - seen / by_chance
    }

    /// Matthews' correlation coefficient: the correlation of the true with the predicted class.
    ///
    /// ```text
    /// MCC = (c n - sum R[k] C[k]) / sqrt((n^2 - sum C[k]^2) (n^2 - sum R[k]^2))
    /// ```
    ///
    /// with c items of n on the diagonal. 1: all right; 0: no relation; with two classes -1: all wrong.
    /// It is 0 where true or predicted class is constant. scikit-learn's `matthews_corrcoef`.
    ///
    /// Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation coefficient",
    /// Computational Biology and Chemistry 28, 367-374, equation 8.
    pub fn matthews_correlation(&self) -> f64 {
        let classes = || 0..self.n_classes();
        let n = self.total() as f64;
        let right: usize = classes().map(|k| self.count(k, k)).sum();
        let (mut both, mut truth, mut predicted) = (0.0, 0.0, 0.0);
        for k in classes() {
            let (support, called) = (self.support(k) as f64, self.called(k) as f64);
            both += support * called;
            truth += support * support;
            predicted += called * called;
        }
        let spread = (n * n - truth) * (n * n - predicted);
        if spread == 0.0 { 0.0 } else { (right as f64 * n - both) / spread.sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kappas(matrix: &ConfusionMatrix) -> [f64; 3] {
        [KappaWeights::Unweighted, KappaWeights::Linear, KappaWeights::Quadratic]
            .map(|weights| matrix.cohen_kappa(weights))
    }

    #[test]
    fn nothing_has_no_agreement_and_no_correlation() {
        for matrix in [ConfusionMatrix::new(&["a", "b"]), ConfusionMatrix::new(&[""; 0])] {
            assert!(kappas(&matrix).iter().all(|kappa| kappa.is_nan()));
            assert_eq!(matrix.matthews_correlation(), 0.0);
            assert_eq!(matrix.balanced_accuracy(), 0.0);
        }
    }

    #[test]
    fn a_constant_answer_is_worth_nothing() {
        let matrix = ConfusionMatrix::from_labels(&["a", "b"], &[0, 0, 0, 1], &[0; 4]);
        assert_eq!(matrix.accuracy(), 0.75);
        assert_eq!(matrix.balanced_accuracy(), 0.5);
        assert_eq!(kappas(&matrix), [0.0; 3]);
        assert_eq!(matrix.matthews_correlation(), 0.0);
    }

    #[test]
    fn all_right_is_one_and_all_wrong_minus_one() {
        let names = ["a", "b"];
        let right = ConfusionMatrix::from_labels(&names, &[0, 1, 0], &[0, 1, 0]);
        assert_eq!((kappas(&right), right.matthews_correlation()), ([1.0; 3], 1.0));
        let wrong = ConfusionMatrix::from_labels(&names, &[0, 1, 0, 1], &[1, 0, 1, 0]);
        assert_eq!((kappas(&wrong), wrong.matthews_correlation()), ([-1.0; 3], -1.0));
    }
}
