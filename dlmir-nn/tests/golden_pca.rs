//! Principal component analysis against scikit-learn; see `tools/golden/sklearn_pca.py`.

mod common;

use common::{assert_near, fixture};
use dlmir_nn::Pca;
use ndarray::Array2;

#[test]
fn pca_is_that_of_scikit_learn() {
    for name in ["pca/tall", "pca/wide"] {
        let golden = fixture(name);
        let golden = |key: &str| &golden[key][0];
        let [rows, features, components] = golden("shape")[..] else { panic!("three numbers") };
        let x = golden("x").iter().map(|&x| x as f32).collect();
        let x = Array2::from_shape_vec((rows as usize, features as usize), x).unwrap();
        let pca = Pca::fit(x.view(), components as usize).unwrap();
        assert_near(pca.mean.iter().copied(), golden("mean"), 1e-12);
        assert_near(pca.variance.iter().copied(), golden("variance"), 1e-12);
        assert_near(pca.explained_ratio(), golden("ratio"), 1e-12);
        // Signs too: scikit-learn also makes the largest entry of each direction positive.
        assert_near(pca.components.iter().copied(), golden("components"), 1e-10);
        let z = pca.transform(x.view());
        for (got, key) in [
            (pca.inverse(z.view()), "inverse"),
            (pca.whiten(x.view(), 0.0), "whitened"),
            (z, "transformed"),
        ] {
            assert_near(got.mapv(f64::from), golden(key), 1e-6);
        }
    }
}
