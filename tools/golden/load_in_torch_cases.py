"""The models of dlmir-models/tests/golden/torch in PyTorch, by tools/load_in_torch.py.

    pip install torch==2.15.0 numpy==2.4.6 safetensors
    cargo run -p dlmir-models --example torch_fixture -- dlmir-models/tests/golden/torch
    python tools/golden/load_in_torch_cases.py            writes NAME.cases.safetensors (input, output)
    python tools/golden/load_in_torch_cases.py --check    only compares with what is there

The test dlmir-models/tests/load_in_torch.rs runs the same models on the same inputs. CI does
not run this script, for which PyTorch is too large: run it with --check after a change to either side.
"""

import sys
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from load_in_torch import load  # noqa: E402

FOLDER = ROOT / "dlmir-models/tests/golden/torch"


def main():
    check = sys.argv[1:] == ["--check"]
    if not check:
        assert torch.__version__.split("+")[0] == "2.15.0", torch.__version__
        assert np.__version__ == "2.4.6", np.__version__
    rng = np.random.default_rng(2018)
    for name in ["flattened", "pooled", "averaged", "peaked"]:
        model, description = load(FOLDER / f"{name}.safetensors")
        x = rng.standard_normal([3, *description["architecture"]["input"]]).astype(np.float32)
        with torch.no_grad():
            y = model(torch.from_numpy(x)).contiguous().numpy()
        path = FOLDER / f"{name}.cases.safetensors"
        if check:
            case = safetensors.numpy.load_file(path)
            np.testing.assert_array_equal(case["input"], x)
            np.testing.assert_allclose(case["output"], y, rtol=0, atol=1e-5)
        else:
            safetensors.numpy.save_file({"input": x, "output": y}, path)
        print(name, list(x.shape), "->", list(y.shape), "agrees" if check else "written")


if __name__ == "__main__":
    main()
