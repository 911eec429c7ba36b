"""Forward passes of the networks in dlmir_models::zoo, restated by hand in PyTorch functions.

    python tools/golden/torch_models.py dlmir-models/tests/golden/models/forward.txt

needs torch 2.15 and numpy. No weights are stored: both sides make them by one formula. The i-th number of the p-th array
(both from 0, arrays in dlmir's order and layout, numbers in row-major order) is

    s = 2 fraction(43758.5453 sin(12.9898 (i + 1) + 78.233 (p + 1))) - 1     in 64 bits, of which 32 are kept at the end

    weight s sqrt(6 / inputs of one output)     bias 0.1 s       gamma 1 + 0.2 s       beta 0.1 s
    mean 0.1 s                                  variance 1 + 0.5 s

and the input, of one item, is s with p = 9999. The fraction x - floor(x) makes noise of the wave, whose regular ups and downs would
cancel in every sum. A line of the fixture has a network's name and at most 12 numbers of
its output before the last activation, evenly spread. Tested by dlmir-models/tests/golden_models.rs.
"""

import sys

import numpy as np
import torch
from torch.nn import functional as F

assert torch.__version__.startswith("2.15"), torch.__version__
torch.set_num_threads(1)
torch.set_grad_enabled(False)

SAME, VALID = "same", "valid"


def noise(shape, p):
    i = np.arange(1, int(np.prod(shape)) + 1, dtype=np.float64)
    x = 43758.5453 * np.sin(12.9898 * i + 78.233 * (p + 1))
    return (2 * (x - np.floor(x)) - 1).reshape(shape)


class Arrays:
    """Makes arrays in the order in which they are asked for, and applies them. Maps are [1, channels, freq, time]."""

    def __init__(self):
        self.p = 0

    def next(self, shape, scale, offset=0.0):
        array = offset + scale * noise(shape, self.p)
        self.p += 1
        return torch.from_numpy(array.astype(np.float32))

    def conv(self, x, out, kernel, padding=SAME, stride=(1, 1), bias=True):
        inputs = x.shape[1] * kernel[0] * kernel[1]
        weight = self.next((*kernel, x.shape[1], out), np.sqrt(6 / inputs)).permute(3, 2, 0, 1)
        b = self.next((out,), 0.1) if bias else None
        if padding == SAME:
            sides = []
            for axis in (1, 0):
                size, k, s = x.shape[2 + axis], kernel[axis], stride[axis]
                total = max((-(-size // s) - 1) * s + k - size, 0)
                sides += [total // 2, total - total // 2]
            x = F.pad(x, sides)
        elif padding != VALID:
            x = F.pad(x, [padding[1], padding[1], padding[0], padding[0]])
        return F.conv2d(x, weight, b, stride)

    def dense(self, x, out):
        weight = self.next((x.shape[1], out), np.sqrt(6 / x.shape[1]))
        return x @ weight + self.next((out,), 0.1)

    def norm(self, x, epsilon=1e-5):
        """Batch norm in use, over the channels."""
        n = (x.shape[1],)
        gamma, beta = self.next(n, 0.2, 1.0), self.next(n, 0.1)
        mean, variance = self.next(n, 0.1), self.next(n, 0.5, 1.0)
        return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, epsilon)

    def norm_bands(self, x, epsilon=1e-5):
        return self.norm(x.transpose(1, 2), epsilon).transpose(1, 2)


def flat(x):
    """dlmir flattens maps with the channels last."""
    return x.permute(0, 2, 3, 1).flatten(1)


def leaky(x):
    return F.leaky_relu(x, 0.3)


# ---- the tutorials' networks ----


def mlp_basic(a, x):
    x = torch.sigmoid(a.dense(flat(x), 512))
    return a.dense(torch.sigmoid(a.dense(x, 512)), 1)


def cnn_1layer(a, x):
    x = F.max_pool2d(a.conv(x, 16, (3, 3), VALID), 2)
    return a.dense(torch.sigmoid(a.dense(flat(x), 256)), 1)


def cnn_2layer(a, x):
    for _ in range(2):
        x = F.max_pool2d(a.conv(x, 16, (3, 3), VALID), 2)
    return a.dense(a.dense(flat(x), 256), 1)


def cnn_2layer_music_speech(a, x):
    for _ in range(2):
        x = F.max_pool2d(a.conv(x, 32, (3, 3), VALID), 2)
    return a.dense(torch.sigmoid(a.dense(flat(x), 256)), 1)


def mirex2015_cnn(a, x):
    x = F.max_pool2d(torch.sigmoid(a.conv(x, 15, (12, 8), VALID)), (2, 1))
    return a.dense(torch.sigmoid(a.dense(flat(x), 200)), 1)


def parallel_simple(a, x):
    freq = F.max_pool2d(a.conv(x, 16, (10, 2), VALID), (1, 2))
    time = F.max_pool2d(a.conv(x, 25, (2, 10), VALID), (2, 1))
    x = torch.cat([flat(freq), flat(time)], 1)
    return a.dense(F.relu(a.dense(x, 256)), 1)


def compact_cnn(a, x):
    x = a.norm_bands(x)
    for channels, window in [(32, (2, 4)), (64, (3, 4)), (64, (2, 5))]:
        x = F.max_pool2d(F.elu(a.norm(a.conv(x, channels, (3, 3)))), window)
    return a.dense(F.relu(a.dense(flat(x), 128)), 8)


# ---- Vienna ----


def pipeline(a, x, channels, kernel, window, padding=VALID):
    return flat(F.max_pool2d(leaky(a.conv(x, channels, kernel, padding)), window))


def time_and_freq(a, x, channels):
    time = pipeline(a, x, channels, (14, 15), (1, 17))
    return torch.cat([time, pipeline(a, x, channels, (4, 8), (15, 1))], 1)


def classified(a, x, classes):
    return a.dense(torch.sigmoid(a.dense(x, 200)), classes)


def lidy_schindler_2016_m1(a, x):
    return classified(a, pipeline(a, x, 30, (10, 12), (1, 20)), 10)


def lidy_schindler_2016_m2(a, x):
    return classified(a, time_and_freq(a, x, 30), 10)


def lidy_schindler_2016_m3(a, x):
    short = pipeline(a, x, 30, (10, 12), (1, 20))
    long = pipeline(a, x, 30, (10, 34), (1, 20))
    return classified(a, torch.cat([short, long], 1), 10)


def lidy_schindler_2016_cqt(a, x):
    return classified(a, time_and_freq(a, x, 32), 15)


def shallow(a, x):
    freq = pipeline(a, x, 16, (10, 23), (1, 20), SAME)
    return torch.cat([freq, pipeline(a, x, 16, (21, 20), (20, 1), SAME)], 1)


def schindler_2016_shallow(a, x):
    return a.dense(leaky(a.dense(shallow(a, x), 200)), 10)


def schindler_2016_deep(a, x):
    def branch(y, kernels, last):
        for channels, kernel in zip((16, 32, 64, 128), kernels):
            window = last if channels == 128 else 2
            y = F.max_pool2d(leaky(a.conv(y, channels, kernel)), window)
        return flat(y)

    freq = branch(x, [(10, 23), (5, 11), (3, 5), (2, 4)], (1, 5))
    time = branch(x, [(21, 10), (10, 5), (5, 3), (4, 2)], (5, 1))
    return a.dense(leaky(a.dense(torch.cat([freq, time], 1), 200)), 10)


def multires_parallel(a, x):
    x = torch.cat([shallow(a, x[:, i : i + 1]) for i in range(3)], 1)
    return a.dense(leaky(a.dense(x, 200)), 10)


# ---- Pons 2016 ----


def pons_2016_blackbox(a, x):
    x = F.max_pool2d(F.relu(a.conv(x, 32, (12, 8), VALID)), (4, 1))
    return a.dense(F.relu(a.dense(flat(x), 200)), 8)


def pons_time(a, x):
    return F.max_pool2d(F.relu(a.conv(x, 32, (1, 60), VALID)), (40, 1))


def pons_freq(a, x):
    return F.max_pool2d(F.relu(a.conv(x, 32, (32, 1), VALID)), (1, 80))


def pons_2016_time(a, x):
    return a.dense(flat(pons_time(a, x)), 8)


def pons_2016_frequency(a, x):
    return a.dense(flat(pons_freq(a, x)), 8)


def pons_2016_timefreq(a, x):
    time = pons_time(a, x)
    x = torch.cat([time, pons_freq(a, x).transpose(2, 3)], 3)
    return a.dense(F.relu(a.dense(flat(x), 200)), 8)


# ---- pictures ----


def lenet_s(a, x):
    x = F.avg_pool2d(torch.tanh(a.conv(x, 6, (5, 5), VALID)), 2)
    x = F.avg_pool2d(torch.tanh(a.conv(x, 16, (5, 5), VALID)), 2)
    x = torch.tanh(a.dense(flat(x), 120))
    return a.dense(torch.tanh(a.dense(x, 84)), 10)


def alexnet_s(a, x):
    x = F.max_pool2d(F.relu(a.conv(x, 32, (7, 7), (3, 3), (2, 2))), 3, 2)
    x = F.max_pool2d(F.relu(a.conv(x, 64, (5, 5))), 3, 2)
    for channels in (96, 96, 64):
        x = F.relu(a.conv(x, channels, (3, 3)))
    x = flat(F.max_pool2d(x, 3, 2))
    x = F.relu(a.dense(x, 256))
    return a.dense(F.relu(a.dense(x, 256)), 10)


def conv_norm(a, x, channels, kernel, stride=1):
    x = a.conv(x, channels, (kernel, kernel), SAME, (stride, stride), bias=False)
    return a.norm(x)


def vgg_s(a, x):
    for channels in (32, 64, 128, 256):
        for _ in range(2):
            x = F.relu(conv_norm(a, x, channels, 3))
        x = F.max_pool2d(x, 2)
    return a.dense(F.relu(a.dense(x.mean((2, 3)), 256)), 10)


def inception_s(a, x):
    def module(x, one, three, five, pooled):
        parts = [F.relu(conv_norm(a, x, one, 1))]
        for (reduced, channels), kernel in ((three, 3), (five, 5)):
            y = F.relu(conv_norm(a, x, reduced, 1))
            parts.append(F.relu(conv_norm(a, y, channels, kernel)))
        parts.append(F.relu(conv_norm(a, F.max_pool2d(x, 3, 1, 1), pooled, 1)))
        return torch.cat(parts, 1)

    x = F.max_pool2d(F.relu(conv_norm(a, x, 32, 7, 2)), 2)
    x = F.relu(conv_norm(a, x, 64, 3))
    x = module(x, 16, (24, 32), (4, 8), 8)
    x = F.max_pool2d(module(x, 32, (32, 48), (8, 24), 16), 2)
    x = module(x, 48, (24, 52), (4, 12), 16)
    x = F.max_pool2d(module(x, 64, (32, 64), (8, 16), 16), 2)
    x = module(x, 64, (40, 80), (8, 32), 32)
    return a.dense(x.mean((2, 3)), 10)


def resnet20(a, x, projection=False):
    x = F.relu(conv_norm(a, x, 16, 3))
    for stage, channels in enumerate((16, 32, 64)):
        for block in range(3):
            halves = stage > 0 and block == 0
            y = F.relu(conv_norm(a, x, channels, 3, 2 if halves else 1))
            y = conv_norm(a, y, channels, 3)
            if halves and projection:
                x = conv_norm(a, x, channels, 1, 2)
            elif halves:
                x = F.pad(x[:, :, ::2, ::2], [0, 0, 0, 0, channels // 4, channels // 4])
            x = F.relu(x + y)
    return a.dense(x.mean((2, 3)), 10)


def resnet20_projection(a, x):
    return resnet20(a, x, True)


# ---- tagging ----


def dieleman_2014(a, x):
    x = F.max_pool2d(F.relu(a.conv(a.norm(x), 32, (96, 8), VALID)), (1, 4))
    x = F.max_pool2d(F.relu(a.conv(x, 32, (1, 8), VALID)), (1, 4))
    return a.dense(F.relu(a.dense(flat(x), 100)), 50)


def elu_blocks(a, x, channels, windows):
    for c, window in zip(channels, windows):
        x = F.max_pool2d(F.elu(a.norm(a.conv(x, c, (3, 3)), 1e-3)), window)
    return flat(x)


def choi_tagger(a, x):
    windows = [(2, 4), (2, 4), (2, 4), (3, 5), (4, 4)]
    x = a.norm_bands(x, 1e-3)
    return a.dense(elu_blocks(a, x, (64, 128, 128, 128, 64), windows), 50)


def choi_compact(a, x):
    windows = [(2, 4), (3, 4), (2, 5), (2, 4), (4, 4)]
    return a.dense(elu_blocks(a, x, (32,) * 5, windows), 50)


def sample_cnn(a, x):
    x = F.relu(a.norm(a.conv(x, 128, (1, 3), VALID, (1, 3))))
    for channels in (128, 128, 256, 256, 256, 256, 256, 256, 512):
        x = F.max_pool2d(F.relu(a.norm(a.conv(x, channels, (1, 3)))), (1, 3))
    return a.dense(flat(F.relu(a.norm(a.conv(x, 512, (1, 1))))), 50)


def vgg_pons(a, x):
    x = a.norm(x)
    pools = [((1, 4), (2, 2))] + [((2, 2), (2, 2))] * 3 + [((4, 4), (4, 4))]
    for window, stride in pools:
        x = F.max_pool2d(a.norm(F.relu(a.conv(x, 32, (3, 3)))), window, stride)
    return a.dense(flat(x), 50)


def musicnn(a, x):
    def filters(channels, kernel, padding):
        return a.norm(F.relu(a.conv(x, channels, kernel, padding))).amax(2, keepdim=True)

    x = a.norm(x)
    parts = [filters(204, (38, 7), (0, 3)), filters(204, (67, 7), (0, 3))]
    parts += [filters(51, (1, length), SAME) for length in (128, 64, 32)]
    front = torch.cat(parts, 1)
    first = a.norm(F.relu(a.conv(front, 64, (1, 7))))
    second = F.relu(a.conv(first, 64, (1, 7))) + first
    third = F.relu(a.conv(second, 64, (1, 7))) + second
    x = torch.cat([front, first, second, third], 1)
    x = a.norm(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
    return a.dense(a.norm(F.relu(a.dense(x, 200))), 50)


def vggish_s(a, x):
    for block in [(8,), (16,), (32, 32), (64, 64)]:
        for channels in block:
            x = F.relu(a.conv(x, channels, (3, 3)))
        x = F.max_pool2d(x, 2)
    x = F.relu(a.dense(flat(x), 256))
    return a.dense(F.relu(a.dense(x, 256)), 64)


def tagged(a, x, units):
    return a.dense(F.relu(a.norm(a.dense(x.amax((2, 3)), units))), 50)


SHORT = (128, 128, 256, 256, 256, 256, 512)


def short_chunk(a, x):
    x = a.norm(x)
    for channels in SHORT:
        x = F.max_pool2d(F.relu(a.norm(a.conv(x, channels, (3, 3)))), 2)
    return tagged(a, x, 512)


def short_chunk_res(a, x):
    x = a.norm(x)
    for c in SHORT:
        y = F.relu(a.norm(a.conv(x, c, (3, 3), (1, 1), (2, 2))))
        y = a.norm(a.conv(y, c, (3, 3), (1, 1)))
        x = F.relu(y + a.norm(a.conv(x, c, (3, 3), (1, 1), (2, 2))))
    return tagged(a, x, 512)


def harmonic_cnn(a, x):
    def plain(x, c):
        return F.max_pool2d(F.relu(a.norm(a.conv(x, c, (3, 3)))), 2)

    def residual(x, c, window):
        y = F.relu(a.norm(a.conv(x, c, (3, 3))))
        return F.max_pool2d(F.relu(a.norm(a.conv(y, c, (3, 3))) + x), window)

    x = plain(a.norm(x), 128)
    for _ in range(3):
        x = residual(x, 128, 2)
    x = plain(x, 256)
    for _ in range(2):
        x = residual(x, 256, (2, 3))
    return tagged(a, x, 256)


# ---- towers ----


def tower(a, x):
    x = a.norm(x)
    freq = a.norm(F.max_pool2d(F.relu(a.conv(x, 16, (21, 11))), (20, 4)))
    time = a.norm(F.max_pool2d(F.relu(a.conv(x, 16, (11, 21))), (4, 20)))
    return torch.cat([flat(freq), flat(time)], 1)


def siamese_parallel(a, x):
    return F.elu(a.dense(tower(a, x), 256))


def triplet_parallel(a, x):
    return F.normalize(a.dense(tower(a, x), 128))


def dimsim_triplet(a, x):
    x = x.permute(0, 2, 1, 3)
    for length in (4, 4, 4, 2):
        x = F.max_pool2d(F.relu(a.norm(a.conv(x, 64, (1, length)))), (1, length))
    return x.mean((2, 3))


# Bands, frames, channels.
NETS = {
    (40, 80, 1): [
        mlp_basic, cnn_2layer_music_speech, mirex2015_cnn, parallel_simple, lidy_schindler_2016_m1,
        lidy_schindler_2016_m2, lidy_schindler_2016_m3, pons_2016_blackbox, pons_2016_time,
        pons_2016_frequency, pons_2016_timefreq,
    ],
    (80, 80, 1): [
        cnn_1layer, cnn_2layer, compact_cnn, schindler_2016_shallow, schindler_2016_deep, lenet_s,
        alexnet_s, vgg_s, inception_s, resnet20, resnet20_projection, siamese_parallel,
        triplet_parallel,
    ],
    (80, 80, 3): [multires_parallel],
    (80, 82, 1): [lidy_schindler_2016_cqt],
    (96, 187, 1): [dieleman_2014, vgg_pons, musicnn],
    (96, 1366, 1): [choi_tagger, choi_compact],
    (1, 59049, 1): [sample_cnn],
    (64, 96, 1): [vggish_s],
    (128, 231, 1): [short_chunk, short_chunk_res],
    (128, 313, 6): [harmonic_cnn],
    (128, 130, 1): [dimsim_triplet],
}

with open(sys.argv[1], "w") as out:
    print("# tools/golden/torch_models.py, torch", torch.__version__.split("+")[0], file=out)
    for shape, nets in NETS.items():
        x = torch.from_numpy(noise((1, *shape), 9999).astype(np.float32)).permute(0, 3, 1, 2)
        for net in nets:
            y = net(Arrays(), x)[0].numpy()
            numbers = y[:: -(-len(y) // 12)]
            print(net.__name__, *(f"{number:.8g}" for number in numbers), file=out)
