"""Golden values and gradients of dlmir-nn's convolution, pooling and normalisation, by PyTorch and Keras in 64 bits.

    pip install numpy==2.4.6 torch==2.15.0 keras==3.15.1
    python tools/golden/torch_conv.py

Writes dlmir-nn/tests/golden/conv/torch_conv.txt, whose lines are explained in tools/golden/torch_ops.py: x0, x1, ... inputs, y output,
g = dL/dy, d0, d1, ... gradients. All maps are written channels last and all kernels as [height, width, in, out]: PyTorch's are permuted
here. Running moments are `CASE.mean` and `CASE.variance` after three training steps over x0, x1, x2, started from 0 and 1; `CASE.y` is
then x0 in use.
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

OUT = Path(__file__).parents[2] / "dlmir-nn/tests/golden/conv/torch_conv.txt"
rng = np.random.default_rng(2)
lines = ["# made by tools/golden/torch_conv.py with torch 2.15.0 and keras 3.15.1"]


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32).astype(np.float64)


def put(name, array):
    array = np.asarray(array, dtype=np.float64)
    shape = ",".join(map(str, array.shape)) or "-"
    lines.append(" ".join([name, shape, *(format(v, ".9g") for v in array.ravel().tolist())]))


def case(name, f, *inputs):
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = f(*tensors)
    g = normal(*y.shape)
    (y * torch.tensor(g)).sum().backward()
    for i, x in enumerate(inputs):
        put(f"{name}.x{i}", x)
    put(f"{name}.y", y.detach().numpy())
    put(f"{name}.g", g)
    for i, x in enumerate(tensors):
        put(f"{name}.d{i}", x.grad.numpy())


def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def torch_conv(**settings):
    return lambda x, w, b=None: last(F.conv2d(first(x), w.permute(3, 2, 0, 1), b, **settings))


def keras_conv(**settings):
    return lambda x, w, b=None: keras.ops.conv(x, w, data_format="channels_last", **settings) + (0 if b is None else b)


# Convolution
case("conv_valid", torch_conv(), normal(2, 5, 6, 2), normal(3, 2, 2, 3), normal(3))
case("conv_no_bias", torch_conv(), normal(2, 5, 6, 2), normal(3, 3, 2, 3))
case("conv_same", torch_conv(padding="same"), normal(2, 5, 6, 2), normal(3, 3, 2, 3), normal(3))
case("conv_same_even", torch_conv(padding="same"), normal(2, 5, 6, 2), normal(4, 2, 2, 3), normal(3))
case("conv_same_even_keras", keras_conv(padding="same"), normal(2, 5, 6, 2), normal(4, 2, 2, 3), normal(3))
case("conv_strided", torch_conv(stride=(2, 3)), normal(2, 6, 8, 2), normal(3, 2, 2, 3), normal(3))
case("conv_same_strided_keras", keras_conv(padding="same", strides=(2, 3)), normal(2, 6, 8, 2), normal(3, 2, 2, 3), normal(3))
case("conv_explicit", torch_conv(stride=(1, 2), padding=(2, 1)), normal(2, 4, 5, 2), normal(3, 3, 2, 3), normal(3))
case("conv_tall", torch_conv(padding="same"), normal(1, 12, 8, 1), normal(11, 5, 1, 2), normal(2))
case("conv_wide_keras", keras_conv(padding="same"), normal(1, 6, 12, 1), normal(2, 11, 1, 2), normal(2))

# Pooling
pool = lambda f, *args: lambda x: last(f(first(x), *args))
case("max_pool", pool(F.max_pool2d, (2, 3)), normal(2, 5, 8, 2))
case("max_pool_overlapping", pool(F.max_pool2d, (4, 1), (2, 2)), normal(2, 7, 5, 2))
case("max_pool_ties", pool(F.max_pool2d, (2, 2)), np.round(normal(2, 4, 6, 3)))
case("max_pool_keras", keras.layers.MaxPooling2D((2, 3)), normal(2, 5, 8, 2))
case("avg_pool", pool(F.avg_pool2d, (2, 3)), normal(2, 5, 8, 2))
case("avg_pool_overlapping", pool(F.avg_pool2d, (3, 2), (1, 2)), normal(2, 5, 7, 2))
case("avg_pool_keras", keras.layers.AveragePooling2D((2, 3)), normal(2, 5, 8, 2))

# Layer norm
case("layer_norm", lambda x, w, b: F.layer_norm(x, (5,), w, b), 2 * normal(3, 4, 5) + 1, normal(5), normal(5))


def keras_layer_norm(x, w, b):
    layer = keras.layers.LayerNormalization()
    layer.build(x.shape)
    return layer.stateless_call([w, b], [], x)[0]


case("layer_norm_keras", keras_layer_norm, 2 * normal(3, 4, 5) + 1, normal(5), normal(5))


# Batch norm: `axis` counts with the batch as axis 0, channels last
def torch_batch_norm(axis, eps):
    def f(x, w, b):
        return F.batch_norm(x.movedim(axis, 1), None, None, w, b, training=True, eps=eps).movedim(1, axis)

    return f


def keras_batch_norm(axis, x, w, b, mean, variance, training):
    layer = keras.layers.BatchNormalization(axis=axis)
    layer.build(x.shape)
    y, state = layer.stateless_call([w, b], [mean, variance], x, training=training)
    return y, state


SHAPE = (3, 4, 5, 2)
for axis, name in [(3, ""), (1, "_freq")]:
    n = SHAPE[axis]
    gamma, beta = normal(n), normal(n)
    mean, variance = normal(n), normal(n) ** 2 + 0.5
    variance = variance.astype(np.float32).astype(np.float64)
    x = 2 * normal(*SHAPE) - 1
    case(f"batch_norm{name}", torch_batch_norm(axis, 1e-5), x, gamma, beta)
    case(
        f"batch_norm{name}_keras",
        lambda x, w, b: keras_batch_norm(axis, x, w, b, torch.zeros(n).double(), torch.ones(n).double(), True)[0],
        x, gamma, beta,
    )
    # In use: mean and variance are data without gradient.
    for toolkit in ["", "_keras"]:
        key = f"batch_norm{name}_use{toolkit}"
        t = [torch.tensor(v, requires_grad=True) for v in (x, gamma, beta)]
        m, v = torch.tensor(mean), torch.tensor(variance)
        if toolkit:
            y, _ = keras_batch_norm(axis, *t, m, v, False)
        else:
            y = F.batch_norm(t[0].movedim(axis, 1), m, v, t[1], t[2], training=False, eps=1e-5).movedim(1, axis)
        g = normal(*SHAPE)
        (y * torch.tensor(g)).sum().backward()
        for i, value in enumerate([x, gamma, beta, mean, variance]):
            put(f"{key}.x{i}", value)
        put(f"{key}.y", y.detach().numpy())
        put(f"{key}.g", g)
        for i, value in enumerate(t):
            put(f"{key}.d{i}", value.grad.numpy())
    # Three training steps, then use.
    batches = [normal(*SHAPE) * (i + 1) + i for i in range(3)]
    batches = [b.astype(np.float32).astype(np.float64) for b in batches]
    layer = (torch.nn.BatchNorm1d if n == 1 else torch.nn.BatchNorm2d)(n).double()
    for b in batches:
        layer(torch.tensor(b).movedim(axis, 1))
    layer.eval()
    y = layer(torch.tensor(batches[0]).movedim(axis, 1)).movedim(1, axis)
    results = {"": (layer.running_mean, layer.running_var, y.detach())}
    layer = keras.layers.BatchNormalization(axis=axis)
    for b in batches:
        layer(torch.tensor(b), training=True)
    y = layer(torch.tensor(batches[0]), training=False)
    results["_keras"] = (layer.moving_mean.value, layer.moving_variance.value, y)
    for toolkit, (m, v, y) in results.items():
        key = f"running{name}{toolkit}"
        for i, b in enumerate(batches):
            put(f"{key}.x{i}", b)
        for what, value in [("mean", m), ("variance", v), ("y", y)]:
            put(f"{key}.{what}", value.detach().numpy())

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines) + "\n")
print(f"{OUT}: {len(lines)} lines, {OUT.stat().st_size} bytes")
