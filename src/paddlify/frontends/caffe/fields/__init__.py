"""The message types of Caffe's prototxt and caffemodel files: which fields there are, with types and defaults.

One line a field: `name number type = default`. A type with `*` is repeated, `*packed` repeated and packed; an enum
lists its values, numbered from 0 or as written; `!` marks a field that Caffe declares optional but cannot do without.
Numbers are those of BVLC Caffe where it has the field, and of the fork that introduced it elsewhere (forks disagree
about some; they matter only in binary files, of which nothing but names and blobs is read).
"""

from __future__ import annotations

from typing import Final

from paddlify.frontends.caffe.fields.blobs import BLOBS, WEIGHTS
from paddlify.frontends.caffe.fields.bvlc import BVLC
from paddlify.frontends.caffe.fields.forks import FORKS
from paddlify.frontends.caffe.fields.net import NET_AND_LAYER
from paddlify.frontends.caffe.fields.old import OLD

NET: Final = BLOBS + NET_AND_LAYER + BVLC + FORKS + OLD
"""What is read of a prototxt."""

__all__ = ["NET", "WEIGHTS"]
