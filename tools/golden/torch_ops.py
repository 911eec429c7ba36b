"""Golden values and gradients of dlmir-nn's operations, computed by PyTorch and Keras in 64 bits.

    pip install numpy==2.4.6 torch==2.15.0 keras==3.15.1
    python tools/golden/torch_ops.py

Writes dlmir-nn/tests/golden/ops/torch_ops.txt. A line is `CASE.TENSOR SHAPE number number ...` with the shape as `2,3`, or `-` for a
single number. The tensors of a case: x0, x1, ... the inputs in the order of the operation, y the output, g = dL/dy, and d0, d1, ...
the gradients dL/dx0, ... of those inputs that have one. Inputs are rounded to 32 bits first, so that both sides start from the
same numbers.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch
import torch.nn.functional as F

assert np.__version__ == "2.4.6", np.__version__
assert torch.__version__.startswith("2.15.0"), torch.__version__
assert keras.__version__ == "3.15.1" and keras.backend.backend() == "torch", keras.__version__
keras.config.set_floatx("float64")

OUT = Path(__file__).parents[2] / "dlmir-nn/tests/golden/ops/torch_ops.txt"
rng = np.random.default_rng(1)
lines = ["# made by tools/golden/torch_ops.py with torch 2.15.0 and keras 3.15.1"]


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def uniform(*shape):
    return rng.uniform(size=shape).astype(np.float32).astype(np.float64)


def put(name, array):
    array = np.asarray(array, dtype=np.float64)
    shape = ",".join(map(str, array.shape)) or "-"
    lines.append(" ".join([name, shape, *(format(v, ".9g") for v in array.ravel().tolist())]))


def case(name, f, *inputs, data=()):
    """Evaluates f(*inputs, *data); only the inputs have gradients."""
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = f(*tensors, *(torch.tensor(x) for x in data))
    g = normal(*y.shape)
    (y * torch.tensor(g)).sum().backward()
    for i, x in enumerate([*inputs, *data]):
        put(f"{name}.x{i}", x)
    put(f"{name}.y", y.detach().numpy())
    put(f"{name}.g", g)
    for i, x in enumerate(tensors):
        put(f"{name}.d{i}", x.grad.numpy())


x = 3 * normal(4, 5)
for name, f in {
    "relu": F.relu,
    "leaky_relu_pytorch": torch.nn.LeakyReLU(),
    "leaky_relu_keras": keras.layers.LeakyReLU(),
    "elu": F.elu,
    "elu_0.7": lambda x: F.elu(x, alpha=0.7),
    "elu_keras": keras.layers.ELU(),
    "gelu_exact": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_keras": keras.activations.gelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "scale": lambda x: -0.5 * x,
}.items():
    case(name, f, x)

a, b = normal(2, 3), normal(2, 3)
case("add", torch.add, a, b)
case("sub", torch.sub, a, b)
case("multiply", torch.mul, a, b)
# PyTorch stores the weight as [out, in], we as [in, out].
case("linear", lambda x, w, b: F.linear(x, w.T, b), normal(2, 3, 4), normal(4, 5), normal(5))
case("matmul", torch.matmul, normal(3, 4), normal(4, 5))
case("reshape", lambda x: x.reshape(2, 12), normal(2, 3, 4))
case("permute", lambda x: x.permute(2, 0, 1), normal(2, 3, 4))
case("concat", lambda a, b, c: torch.cat([a, b, c], 1), normal(2, 1, 3), normal(2, 2, 3), normal(2, 4, 3))
case("sum", lambda x: x.sum((1, 2)), normal(2, 3, 4, 2))
case("sum_all", torch.sum, normal(2, 3))
case("mean", lambda x: x.mean((1, 2)), normal(2, 3, 4, 2))
case("mean_batch", lambda x: x.mean(0), normal(5, 3))

case("mse", F.mse_loss, normal(3, 4), normal(3, 4))
case("mse_keras", lambda y, t: keras.losses.MeanSquaredError()(t, y), normal(3, 4), normal(3, 4))
case("l1_keras", keras.regularizers.L1(0.1), normal(3, 4))
case("l2_keras", keras.regularizers.L2(0.1), normal(3, 4))
# PyTorch's weight_decay d adds d w to the gradient: the gradient of d / 2 sum w^2.
case("l2_pytorch", lambda w: 0.05 * w.square().sum(), normal(3, 4))

logits, yes_no = 3 * normal(4, 3), uniform(4, 3)
yes_no[0] = [0, 1, 1]
case("bce", F.binary_cross_entropy_with_logits, logits, data=[yes_no])
case("bce_keras", lambda x, t: keras.losses.BinaryCrossentropy(from_logits=True)(t, x), logits, data=[yes_no])
# By the sum of the weights instead of the number of elements: see the text of ops/bce.rs.
case(
    "bce_weighted",
    lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, weight=w, reduction="sum") / w.sum(),
    logits,
    data=[yes_no, uniform(4, 3)],
)

logits, classes, soft = 2 * normal(6, 4), np.array([3.0, 0, 1, 1, 2, 0]), uniform(6, 4)
class_weights = torch.tensor([0.5, 1, 2, 3], dtype=torch.float64)
for name, options in {
    "": {},
    "_weights": dict(weight=class_weights),
    "_smooth": dict(label_smoothing=0.1),
    "_both": dict(weight=class_weights, label_smoothing=0.1),
}.items():
    case("cross_entropy" + name, lambda x, t: F.cross_entropy(x, t.long(), **options), logits, data=[classes])

    def of_probabilities(x, t):
        """PyTorch divides by the number of rows, we by the sum of the weights: see the text of ops/cross_entropy."""
        weights = options.get("weight", torch.ones(4, dtype=torch.float64))
        return F.cross_entropy(x, t, reduction="sum", **options) / (weights * t).sum()

    case("cross_entropy_soft" + name, of_probabilities, logits, data=[soft])

    def of_items(x, t, v):
        """The weighted mean over items, each of which has the weight of its class besides."""
        t = t.long()
        weights = options.get("weight", torch.ones(4, dtype=torch.float64))
        return (v * F.cross_entropy(x, t, reduction="none", **options)).sum() / (v * weights[t]).sum()

    case("cross_entropy_items" + name, of_items, logits, data=[classes, uniform(6)])

one_hot = np.eye(4)[classes.astype(int)]
smooth = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
case("cross_entropy_keras_smooth", lambda x, t: smooth(t, x), logits, data=[one_hot])

# Channels last, as in Keras: PyTorch's adaptive pooling of one number per map is the same over axes 1 and 2.
case("global_mean", lambda x: x.mean((1, 2)), normal(2, 3, 4, 5))
case("global_max", lambda x: x.amax((1, 2)), normal(2, 3, 4, 5))
case("global_mean_keras", keras.layers.GlobalAveragePooling2D(data_format="channels_last"), normal(2, 3, 4, 5))
case("global_max_keras", keras.layers.GlobalMaxPooling2D(data_format="channels_last"), normal(2, 3, 4, 5))

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines) + "\n")
print(OUT, len(lines), "lines")
