"""Nets of one layer, or a few, on which Caffe says what is right. Read by Python 3.6 (`generate`) as well.

A case is a name, the input blobs with their shapes, and the text of its layers. `single` writes the common case of
one layer that takes all inputs in order. How inputs are drawn is said in `draw`: "normal" (the default), "positive",
"int:N" (whole numbers below N, as floats), "bits" (0 or 1), "rois:N:H:W", "distinct" (no two equal), or numbers.
"""

from collections import OrderedDict

from .activation import ACTIVATION
from .base import prototxt
from .conv import CONV
from .format import FORMAT
from .loss import LOSS
from .merge import MERGE
from .norm import NORM
from .pool import POOL
from .recurrent import RECURRENT
from .reduce import REDUCE
from .shape import SHAPE
from .source import SOURCE

__all__ = ["FAMILIES", "prototxt"]

FAMILIES = OrderedDict(
    [
        ("activation", ACTIVATION),
        ("conv", CONV),
        ("format", FORMAT),
        ("loss", LOSS),
        ("merge", MERGE),
        ("norm", NORM),
        ("pool", POOL),
        ("recurrent", RECURRENT),
        ("reduce", REDUCE),
        ("shape", SHAPE),
        ("source", SOURCE),
    ]
)
