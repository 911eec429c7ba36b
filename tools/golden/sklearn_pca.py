"""Golden cases for dlmir-nn's principal component analysis, computed by scikit-learn.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python tools/golden/sklearn_pca.py

Writes dlmir-nn/tests/golden/pca/*.txt: a line is a key and its numbers, a matrix row by row; floats are
written with repr, which loses nothing. The data are numbers that 32 bits hold exactly.
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA

assert np.__version__ == "2.4.6", np.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__

OUT = Path(__file__).parents[2] / "dlmir-nn/tests/golden/pca"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(1)


def case(name, rows, features, components):
    x = rng.normal(size=(rows, features)) * np.geomspace(4, 0.5, features)
    x = (x @ rng.normal(size=(features, features)) + 5 * rng.normal(size=features)).astype(np.float32)
    x = x.astype(np.float64)
    pca = PCA(components, svd_solver="full").fit(x)
    z = pca.transform(x)
    lines = ["# made by tools/golden/sklearn_pca.py with scikit-learn 1.9.1 and numpy 2.4.6"]
    for key, values in {
        "shape": [rows, features, components],
        "x": x,
        "mean": pca.mean_,
        "components": pca.components_,
        "variance": pca.explained_variance_,
        "ratio": pca.explained_variance_ratio_,
        "transformed": z,
        "inverse": pca.inverse_transform(z),
        "whitened": PCA(components, whiten=True, svd_solver="full").fit_transform(x),
    }.items():
        lines.append(" ".join([key, *(repr(v) for v in np.asarray(values).ravel().tolist())]))
    (OUT / f"{name}.txt").write_text("\n".join(lines) + "\n")


case("tall", 30, 5, 3)
case("wide", 6, 9, 4)
