"""Inputs and weights from seeds, the same in every version of NumPy. Read by Python 3.6 as well."""

import math
import zlib

import numpy as np


def stream(*names):
    """A generator that depends on the names alone."""
    return np.random.RandomState(zlib.crc32("/".join(names).encode()) & 0xFFFFFFFF)


def draw(how, shape, *names):
    """An input blob; `how` as in `cases`."""
    random = stream(*names)
    if not isinstance(how, str):
        return np.array(how, dtype=np.float32).reshape(shape)
    kind, _, rest = how.partition(":")
    if kind == "normal":
        return random.standard_normal(shape).astype(np.float32)
    if kind == "positive":
        return (0.1 + random.random_sample(shape)).astype(np.float32)
    if kind == "int":
        return random.randint(int(rest), size=shape).astype(np.float32)
    if kind == "bits":
        return random.randint(2, size=shape).astype(np.float32)
    if kind == "distinct":
        count = int(np.prod(shape))
        return (random.permutation(count).astype(np.float32) / count * 4 - 2).reshape(shape).astype(np.float32)
    raise ValueError(how)


def weight(layer_type, index, shape, *names):
    """A blob of a layer: weights keep the size of activations, statistics are plausible."""
    random = stream(*names)
    if layer_type == "BatchNorm" and index:
        return np.full(shape, 2.5, np.float32) if index == 2 else (1 + random.random_sample(shape)).astype(np.float32)
    if layer_type == "Scale" and index == 0:
        return (0.5 + random.random_sample(shape)).astype(np.float32)
    if layer_type == "PReLU":
        return (0.5 * random.random_sample(shape)).astype(np.float32)
    deviation = math.sqrt(1.0 / max(int(np.prod(shape[1:])), 1)) if len(shape) > 1 else 0.2
    return (deviation * random.standard_normal(shape)).astype(np.float32)


def net_weight(layer_type, index, shape, *names):
    """A blob of a whole net: what follows a rectifier gets weights that make up for what it takes away."""
    blob = weight(layer_type, index, shape, *names)
    if layer_type in ("Convolution", "Deconvolution") and len(shape) > 1:
        blob *= np.float32(math.sqrt(2.0))
    if layer_type == "BatchNorm" and index == 2:
        blob[...] = 1
    return blob
