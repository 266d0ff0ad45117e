"""Caffe nets (prototxt and caffemodel), read without Caffe.

`lowers` registers a layer of one's own; see `lowering` for what such a function is given.
"""

from paddlify.frontends.caffe.load import load, recognises
from paddlify.frontends.caffe.lowering import Recorder, canonical, dims_of, forget, lowers, static_dims

__all__ = [
    "load",
    "recognises",
    "lowers",
    "forget",
    "Recorder",
    "canonical",
    "dims_of",
    "static_dims",
]
