"""Golden cases for dlmir-nn's optimisers, constraints, clipping and schedules, by PyTorch and Keras.

    pip install numpy==2.4.6 torch==2.15.0 keras==3.15.1
    python tools/golden/torch_optim.py

Writes dlmir-nn/tests/golden/optim/*.txt. Everything is computed in 64 bits from numbers that 32 bits
hold exactly, so that what differs from these files is the rounding of the library under test alone.
A line is a key and its numbers; floats are written with repr, which loses nothing.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

from pathlib import Path

import keras
import numpy as np
import torch

assert np.__version__ == "2.4.6", np.__version__
assert torch.__version__.split("+")[0] == "2.15.0", torch.__version__
assert keras.__version__ == "3.15.1", keras.__version__

OUT = Path(__file__).parents[2] / "dlmir-nn/tests/golden/optim"
OUT.mkdir(parents=True, exist_ok=True)
STEPS, WEIGHTS = 20, 12
keras.config.set_floatx("float64")
rng = np.random.default_rng(1)


def exact(x):
    """The nearest numbers that 32 bits hold."""
    return np.asarray(x, np.float32).astype(np.float64)


def write(name, rows):
    text = ["# made by tools/golden/torch_optim.py with PyTorch 2.15.0, Keras 3.15.1 and numpy 2.4.6"]
    for key, values in rows:
        text.append(" ".join([key, *(repr(v) for v in np.asarray(values, np.float64).ravel().tolist())]))
    (OUT / f"{name}.txt").write_text("\n".join(text) + "\n")


# Weights around 1; gradients whose scales go from 1e-9 to 10 (there epsilon and its place matter), with
# one weight that gets no gradient and one that gets it only now and then.
start = exact(rng.normal(size=WEIGHTS) + np.sign(rng.normal(size=WEIGHTS)))
scales = np.geomspace(1e-9, 10.0, WEIGHTS)
grads = exact(rng.normal(size=(STEPS, WEIGHTS)) * scales + 0.3 * scales)
grads[:, 5] = 0.0
grads[np.arange(STEPS) % 4 != 2, 8] = 0.0
# A learning rate that falls in the middle, which tells apart the two kinds of velocity.
rates = np.where(np.arange(STEPS) < 10, 0.05, 0.02)


def by_torch(make):
    w = torch.tensor(start, requires_grad=True)
    optimizer = make([w])
    path = []
    for grad, rate in zip(grads, rates):
        optimizer.param_groups[0]["lr"] = float(rate)
        w.grad = torch.tensor(grad)
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return path


def by_keras(optimizer):
    w = keras.Variable(start, dtype="float64")
    optimizer.build([w])
    path = []
    for grad, rate in zip(grads, rates):
        optimizer.learning_rate = float(rate)
        optimizer.apply([torch.tensor(grad)], [w])
        path.append(keras.ops.convert_to_numpy(w).copy())
    return path


o, k = torch.optim, keras.optimizers
cases = {
    "sgd": by_torch(lambda w: o.SGD(w, 0.1)),
    "sgd_decay": by_torch(lambda w: o.SGD(w, 0.1, weight_decay=0.1)),
    "sgd_momentum": by_torch(lambda w: o.SGD(w, 0.1, momentum=0.9)),
    "sgd_nesterov_decay": by_torch(lambda w: o.SGD(w, 0.1, momentum=0.8, nesterov=True, weight_decay=0.1)),
    "adagrad": by_torch(lambda w: o.Adagrad(w)),
    "rmsprop": by_torch(lambda w: o.RMSprop(w)),
    "adam": by_torch(lambda w: o.Adam(w)),
    "adam_betas": by_torch(lambda w: o.Adam(w, betas=(0.5, 0.9), eps=1e-6)),
    "adamw": by_torch(lambda w: o.AdamW(w, weight_decay=0.1)),
    "nadam": by_torch(lambda w: o.NAdam(w)),
    "keras_sgd_momentum": by_keras(k.SGD(0.1, momentum=0.9)),
    "keras_sgd_nesterov": by_keras(k.SGD(0.1, momentum=0.9, nesterov=True)),
    "keras_adagrad": by_keras(k.Adagrad()),
    "keras_rmsprop": by_keras(k.RMSprop()),
    "keras_adam": by_keras(k.Adam()),
    "keras_adamw": by_keras(k.AdamW()),
    "keras_nadam": by_keras(k.Nadam()),
}
write("problem", [("start", start), ("rates", rates), *(("grad", g) for g in grads)])
for name, path in cases.items():
    write(name, [("weights", w) for w in path])

# Constraints on a convolution's weight [kernel_h, kernel_w, in, out].
weight = exact(rng.normal(size=(2, 3, 2, 4)) * np.array([0.1, 0.5, 1.0, 2.0]))
axes = [0, 1, 2]
write("constraints", [
    ("weight", weight),
    ("max_norm", keras.constraints.MaxNorm(1.5, axis=axes)(weight)),
    ("unit_norm", keras.constraints.UnitNorm(axis=axes)(weight)),
    ("non_negative", keras.constraints.NonNeg()(weight)),
])

# Clipping of two gradients together, by a norm that is too large and one that is not, and by value.
a, b = exact(rng.normal(size=7)), exact(3 * rng.normal(size=(2, 4)))
rows = [("a", a), ("b", b)]
for limit in [1.0, 100.0]:
    tensors = [torch.nn.Parameter(torch.tensor(x)) for x in (a, b)]
    for t in tensors:
        t.grad = t.detach().clone()
    norm = torch.nn.utils.clip_grad_norm_(tensors, limit)
    rows.append((f"norm_{limit:g}", [norm.item()]))
    rows += [(f"torch_{name}_{limit:g}", t.grad.numpy()) for name, t in zip("ab", tensors)]
    clipped = k.SGD(global_clipnorm=limit)._clip_gradients([torch.tensor(a), torch.tensor(b)])
    rows += [(f"keras_{name}_{limit:g}", x.numpy()) for name, x in zip("ab", clipped)]
rows += [(f"value_{name}", torch.tensor(x).clamp(-0.5, 0.5).numpy()) for name, x in zip("ab", (a, b))]
write("clip", rows)


# Schedules: the learning rate before each of 30 calls of `step`, from 0.1.
def rates_of(make, n=30):
    optimizer = o.SGD([torch.zeros(1, requires_grad=True)], 0.1)
    schedule = make(optimizer)
    found = []
    for _ in range(n):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


s = o.lr_scheduler
inverse = k.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.02)
warm = lambda opt, n, after: s.SequentialLR(opt, [s.LinearLR(opt, 1 / n, 1.0, n - 1), after(opt)], [n])
keras_cosine = k.schedules.CosineDecay(0.1, 20, alpha=0.1)
write("schedules", [
    ("inverse_time_0.02", [float(inverse(i)) for i in range(30)]),
    ("step_7_0.5", rates_of(lambda opt: s.StepLR(opt, 7, 0.5))),
    ("exponential_0.9", rates_of(lambda opt: s.ExponentialLR(opt, 0.9))),
    ("cosine_29_0.01", rates_of(lambda opt: s.CosineAnnealingLR(opt, 29, 0.01))),
    ("cosine_20_0.01", [float(keras_cosine(i)) for i in range(30)]),
    ("warm_up_5_cosine_25_0", rates_of(lambda opt: warm(opt, 5, lambda x: s.CosineAnnealingLR(x, 25, 0.0)))),
])


# Reduction on a plateau: a value after each epoch, and the learning rate for the next one.
def plateau(values, **settings):
    callback = keras.callbacks.ReduceLROnPlateau(monitor="value", **settings)
    model = type("Model", (), {"optimizer": k.SGD(0.1), "metrics": []})()
    callback.set_model(model)
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"value": value})
        found.append(float(model.optimizer.learning_rate.numpy()))
    return found


falling = exact(np.round(1 / (1 + 0.2 * np.minimum(np.arange(40), 12)) + 0.02 * rng.normal(size=40), 3))
rising = -falling
write("plateau", [
    ("falling", falling),
    ("rising", rising),
    ("default", plateau(falling, mode="min", patience=3)),
    ("cooldown", plateau(falling, mode="min", factor=0.5, patience=2, min_delta=0.01, cooldown=3)),
    ("floor", plateau(falling, mode="min", factor=0.3, patience=1, min_delta=0.0, min_lr=0.002)),
    ("rising_cooldown", plateau(rising, mode="max", factor=0.5, patience=2, min_delta=0.01, cooldown=3)),
    ("impatient", plateau(falling, mode="min", factor=0.9, patience=0, min_delta=0.01)),
])
