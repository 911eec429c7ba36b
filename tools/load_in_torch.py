"""A model file of dlmir as a PyTorch module.

    python tools/load_in_torch.py MODEL.safetensors --input X.npy --out Y.npy

or, in a program,

    from load_in_torch import load
    model, description = load("model.safetensors")
    probabilities = model(torch.randn(1, 80, 86, 1))

The module takes inputs as dlmir does, [batch, freq, time, channels] or [batch, features]. Inside, maps are
channels first, as PyTorch wants them, and every layer is one of torch.nn with PyTorch's own parameters, so
it can be trained further, exported, or taken apart. What changes on the way:

    linear    weight [in, out]                  ->  [out, in]
    conv2d    weight [freq, time, in, out]      ->  [out, in, freq, time]
    maps             [batch, freq, time, c]     ->  [batch, c, freq, time]

Flatten and reshape put the channels back where they were first: the order of the numbers is part of the
network. Needs torch, numpy and safetensors; checks the file's checksum as dlmir does.
"""

import argparse
import hashlib
import json

import numpy as np
import safetensors.numpy
import torch
from torch import nn

PREFIX = rb'{"__metadata__":{"dlmir":"{\"sha256\":\"'


def read(path):
    """The description and the arrays of a file whose checksum is right."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + len(PREFIX)
    if data[8:start] != PREFIX:
        raise ValueError(f"{path}: no model file of dlmir")
    written = data[start : start + 64]
    zeroed = data[:start] + b"0" * 64 + data[start + 64 :]
    if hashlib.sha256(zeroed).hexdigest().encode() != written:
        raise ValueError(f"{path}: damaged, its checksum is wrong")
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    description = json.loads(header["__metadata__"]["dlmir"])["content"]
    return description, safetensors.numpy.load(data)


def load(path):
    """The file's network as a module in evaluation mode, and its description."""
    description, arrays = read(path)
    if description["kind"] != "model":
        raise ValueError(f"{path}: the file of a {description['kind']}")
    return Network(description["architecture"], arrays).eval(), description


def channels_first(x):
    """[batch, freq, time, channels] -> [batch, channels, freq, time]; other ranks are left alone."""
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def channels_last(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


class Network(nn.Module):
    """A whole network, with inputs and outputs as dlmir has them."""

    def __init__(self, architecture, arrays):
        super().__init__()
        self.layers = row(architecture["layers"], "", arrays)

    def forward(self, x):
        return channels_last(self.layers(channels_first(x)))


def row(layers, prefix, arrays):
    """Layers one after the other, under their names."""
    modules = nn.Sequential()
    for layer in layers:
        modules.add_module(layer["name"], make(layer, prefix + layer["name"], arrays))
    return modules


class LastAxis(nn.Module):
    """A layer for the last axis as dlmir sees it: a map's channels."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return channels_first(self.layer(channels_last(x)))


class Reshape(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return channels_first(channels_last(x).reshape(x.shape[0], *self.shape))


class PaddedConv2d(nn.Module):
    """A convolution with zeros around the map: none, `same`, or [before, after, before, after]."""

    def __init__(self, conv, padding):
        super().__init__()
        self.conv, self.padding = conv, padding

    def forward(self, x):
        sides = []
        for axis in (1, 0):  # nn.functional.pad begins with the last axis
            if self.padding == "same":
                size = x.shape[2 + axis]
                kernel = (self.conv.kernel_size[axis] - 1) * self.conv.dilation[axis] + 1
                stride = self.conv.stride[axis]
                total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
                sides += [total // 2, total - total // 2]
            elif self.padding != "valid":
                sides += self.padding[2 * axis : 2 * axis + 2]
        return self.conv(nn.functional.pad(x, sides) if sides else x)


class GaussianNoise(nn.Module):
    def __init__(self, stddev):
        super().__init__()
        self.stddev = stddev

    def forward(self, x):
        return x + self.stddev * torch.randn_like(x) if self.training else x


class SpatialDropout(nn.Module):
    """Drops channels of maps as dlmir does: the last axis of any input."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training:
            return x
        x = channels_last(x)
        mask = torch.ones([x.shape[0]] + [1] * (x.dim() - 2) + [x.shape[-1]], device=x.device)
        return channels_first(x * nn.functional.dropout(mask, self.rate))


class AxisBatchNorm(nn.Module):
    """Batch norm over an axis as dlmir counts it: in maps, 1 is the frequency band, 2 the time."""

    def __init__(self, norm, axis):
        super().__init__()
        self.norm, self.axis = norm, axis

    def forward(self, x):
        x = channels_last(x).movedim(self.axis, 1)
        y = self.norm(x.flatten(2) if x.dim() > 2 else x).reshape(x.shape)
        return channels_first(y.movedim(1, self.axis))


class GlobalPool(nn.Module):
    """[batch, channels, freq, time] -> [batch, channels], or twice as many: means, then maxima."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        means, maxima = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        parts = {"global_mean": [means], "global_max": [maxima], "global_mean_max": [means, maxima]}
        return torch.cat(parts[self.kind], dim=1)


class OnOurAxes(nn.Module):
    """A function of tensors as dlmir has them: the batch, then the item's axes with the channels last."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return channels_first(self.function(channels_last(x)))


class Parallel(nn.Module):
    """Branches on one input, joined: flattened, next to each other along an axis, added up, or multiplied channel by channel."""

    def __init__(self, join, axis, branches):
        super().__init__()
        self.join, self.axis = join, axis
        self.branches = nn.ModuleDict(branches)

    def forward(self, x):
        first, *others = [channels_last(branch(x)) for branch in self.branches.values()]
        if self.join == "flatten":
            return torch.cat([y.flatten(1) for y in (first, *others)], dim=1)
        if self.join == "concat":
            return channels_first(torch.cat([first, *others], dim=self.axis))
        for y in others:
            if self.join == "add":
                first = first + y
            else:
                first = first * y.reshape(len(y), *[1] * (first.dim() - 2), -1)
        return channels_first(first)


def pad(x, axis, sides, margin):
    """`sides` zeros, or repetitions of the edge, before and after x along an axis."""
    if margin == "zeros":
        shapes = [[n if i == axis else size for i, size in enumerate(x.shape)] for n in sides]
        before, after = (x.new_zeros(shape) for shape in shapes)
    else:
        before = x.narrow(axis, 0, 1).repeat_interleave(sides[0], axis)
        after = x.narrow(axis, x.shape[axis] - 1, 1).repeat_interleave(sides[1], axis)
    return torch.cat([before, x, after], dim=axis)


def make(layer, path, arrays):
    """One layer of a description as a module with its weights."""
    kind = layer["kind"]

    def array(name):
        return torch.from_numpy(arrays[f"{path}/{name}"].copy())

    def with_weights(module, **weights):
        module.load_state_dict(weights)
        return module

    if kind == "linear":
        weights = {"weight": array("weight").T.contiguous()}
        if layer["bias"]:
            weights["bias"] = array("bias")
        out_features, in_features = weights["weight"].shape
        module = nn.Linear(in_features, out_features, bias=layer["bias"])
        return LastAxis(with_weights(module, **weights))
    if kind == "conv2d":
        weights = {"weight": array("weight").permute(3, 2, 0, 1).contiguous()}
        if layer["bias"]:
            weights["bias"] = array("bias")
        out_channels, in_channels = weights["weight"].shape[:2]
        module = nn.Conv2d(
            in_channels, out_channels, tuple(layer["kernel"]), tuple(layer["stride"]),
            dilation=tuple(layer.get("dilation", [1, 1])), bias=layer["bias"],
        )
        return PaddedConv2d(with_weights(module, **weights), layer["padding"])
    if kind == "batch_norm":
        # PyTorch's running variance is always the unbiased one; this matters in training only.
        channels = len(array("gamma"))
        norm = nn.BatchNorm1d(channels, layer["epsilon"], momentum=1 - layer["keep"])
        weights = {"weight": array("gamma"), "bias": array("beta"), "running_mean": array("mean")}
        weights |= {"running_var": array("variance"), "num_batches_tracked": torch.tensor(0)}
        axis = -1 if layer["axis"] is None else layer["axis"]
        return AxisBatchNorm(with_weights(norm, **weights), axis)
    if kind == "layer_norm":
        norm = nn.LayerNorm(len(array("gamma")), layer["epsilon"])
        return LastAxis(with_weights(norm, weight=array("gamma"), bias=array("beta")))
    if kind == "max_pool2d":
        return nn.MaxPool2d(tuple(layer["window"]), tuple(layer["stride"]))
    if kind == "avg_pool2d":
        return nn.AvgPool2d(tuple(layer["window"]), tuple(layer["stride"]))
    if kind == "axis_max":
        return OnOurAxes(lambda x: x.amax(dim=layer["axis"], keepdim=True))
    if kind == "axis_mean":
        return OnOurAxes(lambda x: x.mean(dim=layer["axis"], keepdim=True))
    if kind == "parallel":
        branches = {
            branch["name"]: row(branch["layers"], f"{path}/{branch['name']}/", arrays)
            for branch in layer["branches"]
        }
        return Parallel(layer["join"], layer.get("axis", -1), branches)
    if kind == "permute":
        return OnOurAxes(lambda x: x.permute(0, *layer["axes"]))
    if kind == "slice":
        return OnOurAxes(lambda x: x.narrow(layer["axis"], layer["start"], layer["length"]))
    if kind == "pad":
        return OnOurAxes(lambda x: pad(x, layer["axis"], layer["sides"], layer["margin"]))
    if kind in ("global_mean", "global_max", "global_mean_max"):
        return GlobalPool(kind)
    if kind == "reshape":
        return Reshape(layer["shape"])
    if kind == "gaussian_noise":
        return GaussianNoise(layer["stddev"])
    if kind == "spatial_dropout":
        return SpatialDropout(layer["rate"])
    simple = {
        "relu": lambda: nn.ReLU(),
        "leaky_relu": lambda: nn.LeakyReLU(layer["alpha"]),
        "elu": lambda: nn.ELU(layer["alpha"]),
        "selu": lambda: nn.SELU(),
        "l2_normalize": lambda: OnOurAxes(lambda x: x / (x * x).sum(-1, keepdim=True).clamp_min(1e-12).sqrt()),
        "gelu": lambda: nn.GELU(),
        "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
        "sigmoid": lambda: nn.Sigmoid(),
        "tanh": lambda: nn.Tanh(),
        "softmax": lambda: LastAxis(nn.Softmax(dim=-1)),
        "log_softmax": lambda: LastAxis(nn.LogSoftmax(dim=-1)),
        "dropout": lambda: nn.Dropout(layer["rate"]),
        "flatten": lambda: Reshape([-1]),
    }
    if kind in simple:
        return simple[kind]()
    raise ValueError(f"layer {path}: the kind {kind} is not known")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--input", required=True, help=".npy, [batch, freq, time, channels] or [batch, features]")
    parser.add_argument("--out", required=True, help=".npy")
    flags = parser.parse_args()
    model, _ = load(flags.model)
    with torch.no_grad():
        y = model(torch.from_numpy(np.load(flags.input)))
    np.save(flags.out, y.numpy())
    print(list(y.shape))


if __name__ == "__main__":
    main()
