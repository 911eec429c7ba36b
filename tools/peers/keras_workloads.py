"""The workloads of `dlmir-benches` in Keras 3, for BENCHMARKS.md.

    pip install keras==3.15.1 torch==2.15.0 numpy==2.4.6          # backend torch, the default here
    pip install keras==3.15.1 jax==0.8.1 numpy==2.4.6             # --backend jax
    python tools/peers/keras_workloads.py [--threads N] [--runs N] [--only NAME] [--backend torch|jax|tensorflow]

One JSON line for each workload, as `workloads` prints them. Without --only each workload runs in a process of its own.
The networks are those of benches/src/networks.rs; a training step is `train_on_batch`, as Keras users write it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

NAMES = (
    "mlp_train_b128",
    "compact_cnn_train_b32",
    "siamese_train_b64",
    "triplet_train_b64",
    "onset_cnn_train_b256",
    "vgg_train_b8",
    "vgg_infer_b8",
    "sgemm_256",
    "sgemm_512",
    "sgemm_1024",
    "sgemm_2048",
)
WARM_UP = 3


def median_seconds(step, runs):
    """The median seconds of `runs` runs, after a few that do not count."""
    for _ in range(WARM_UP):
        step()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def memory_mib(field):
    """`VmRSS` (now) or `VmHWM` (peak) of this process; None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith(field + ":"))
    except OSError:
        return None
    return int(line.split()[1]) / 1024


def limit_threads(threads, backend):
    """Before the backend is imported: environment; after: its own switch."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["KERAS_BACKEND"] = backend
    # XLA has no number of threads of its own; it takes the processors that this process may use.
    if backend == "jax" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
    if backend == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def build(name):
    """The workload as a function without arguments."""
    import keras
    import numpy as np
    from keras import layers, ops

    keras.utils.set_random_seed(1)
    noise = np.random.default_rng(1)

    def random(*shape):
        return noise.standard_normal(shape).astype(np.float32)

    def train(model, loss, x, y):
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
        return lambda: model.train_on_batch(x, y)

    def classes(n, n_classes):
        return np.arange(n) % n_classes

    def compact_cnn():
        stack = [layers.Input((80, 80, 1)), layers.BatchNormalization(axis=1)]
        for n_out, pool in [(32, (2, 4)), (64, (3, 4)), (64, (2, 5))]:
            stack += [layers.Conv2D(n_out, 3, padding="same"), layers.BatchNormalization()]
            stack += [layers.Activation("elu"), layers.MaxPooling2D(pool)]
        stack += [layers.Flatten(), layers.Dropout(0.2), layers.Dense(128, "relu"), layers.Dense(8)]
        return keras.Sequential(stack)

    def tower():
        x = layers.Input((80, 80, 1))
        h = layers.BatchNormalization()(layers.GaussianNoise(0.2)(x))
        parts = []
        for kernel, pool in [((21, 11), (20, 4)), ((11, 21), (4, 20))]:
            part = layers.Conv2D(16, kernel, padding="same", activation="relu")(h)
            parts.append(layers.Flatten()(layers.BatchNormalization()(layers.MaxPooling2D(pool)(part))))
        return keras.Model(x, layers.Dense(256, "elu")(layers.Concatenate()(parts)))

    def vgg():
        stack = [layers.Input((96, 128, 1))]
        for n_out in (32, 64, 128, 256):
            for _ in range(2):
                stack += [layers.Conv2D(n_out, 3, padding="same"), layers.BatchNormalization()]
                stack.append(layers.Activation("relu"))
            stack.append(layers.MaxPooling2D(2))
        return keras.Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(10)])

    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if name == "mlp_train_b128":
        stack = [layers.Input((3200,)), layers.Dense(512, "relu"), layers.Dropout(0.2)]
        model = keras.Sequential([*stack, layers.Dense(256, "relu"), layers.Dense(2)])
        return train(model, cross_entropy, random(128, 3200), classes(128, 2))
    if name == "compact_cnn_train_b32":
        return train(compact_cnn(), cross_entropy, random(32, 80, 80, 1), classes(32, 8))
    if name == "siamese_train_b64":
        branch = tower()
        a, b = layers.Input((80, 80, 1)), layers.Input((80, 80, 1))
        model = keras.Model([a, b], layers.Concatenate()([branch(a), branch(b)]))

        def contrastive(same, both):
            squares = ops.sum(ops.square(both[:, :256] - both[:, 256:]), axis=1)
            distance, same = ops.sqrt(squares + 1e-7), ops.reshape(same, (-1,))
            return same * ops.square(distance) + (1 - same) * ops.square(ops.relu(1 - distance))

        x = [random(64, 80, 80, 1) for _ in range(2)]
        return train(model, contrastive, x, classes(64, 2).astype(np.float32)[:, None])
    if name == "triplet_train_b64":
        branch = tower()
        inputs = [layers.Input((80, 80, 1)) for _ in range(3)]
        model = keras.Model(inputs, layers.Concatenate()([branch(x) for x in inputs]))

        def triplet(_, three):
            u, v, w = three[:, :256], three[:, 256:512], three[:, 512:]
            near, far = ops.sum(ops.square(u - v), axis=1), ops.sum(ops.square(u - w), axis=1)
            return ops.relu(near - far + 0.2)

        x = [random(64, 80, 80, 1) for _ in range(3)]
        return train(model, triplet, x, np.zeros((64, 1), np.float32))
    if name == "onset_cnn_train_b256":
        stack = [layers.Input((15, 80, 3))]
        for n_out, kernel in [(10, (7, 3)), (20, (3, 3))]:
            stack += [layers.Conv2D(n_out, kernel, activation="relu"), layers.MaxPooling2D((1, 3))]
        stack += [layers.Flatten(), layers.Dropout(0.5), layers.Dense(256, "sigmoid"), layers.Dense(1)]
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        targets = classes(256, 2).astype(np.float32)[:, None]
        return train(keras.Sequential(stack), loss, random(256, 15, 80, 3), targets)
    if name == "vgg_train_b8":
        return train(vgg(), cross_entropy, random(8, 96, 128, 1), classes(8, 10))
    if name == "vgg_infer_b8":
        model, x = vgg(), random(8, 96, 128, 1)
        return lambda: model.predict_on_batch(x)
    n = int(name.removeprefix("sgemm_"))
    a, b = ops.convert_to_tensor(random(n, n)), ops.convert_to_tensor(random(n, n))

    def sgemm():
        product = ops.matmul(a, b)
        # JAX answers before it has computed.
        getattr(product, "block_until_ready", lambda: None)()

    return sgemm


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--backend", choices=("torch", "jax", "tensorflow"), default="torch")
    flags = parser.parse_args()
    if flags.only is None:
        for name in NAMES:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--only", name], check=True)
        return
    limit_threads(flags.threads, flags.backend)
    import keras

    before = memory_mib("VmRSS")
    seconds = median_seconds(build(flags.only), flags.runs)
    peak = None if before is None else round(memory_mib("VmHWM") - before, 1)
    line = {"peer": f"keras-{flags.backend}", "version": keras.__version__}
    line |= {"workload": flags.only, "threads": flags.threads, "median_s": seconds, "peak_mib": peak}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
