"""Blobs, and the little of a caffemodel in which they lie."""

from __future__ import annotations

from typing import Final

BLOBS: Final = """
BlobShape
  dim 1 *packed int64
BlobProto
  num 1 int32
  channels 2 int32
  height 3 int32
  width 4 int32
  data 5 *packed float
  shape 7 BlobShape
  double_data 8 *packed double
  data_offset 20000 * uint64
  data_length 20001 * uint64
  double_offset 20002 * uint64
  double_length 20003 * uint64
"""

WEIGHTS: Final = (
    BLOBS
    + """
Net
  name 1 string
  layers 2 * V1Layer
  layer 100 * Layer
Layer
  name 1 string
  type 2 string
  blobs 7 * BlobProto
V1Layer
  layer 1 V0Layer
  name 4 string
  blobs 6 * BlobProto
V0Layer
  name 1 string
  type 2 string
  blobs 50 * BlobProto
"""
)
"""What is read of a binary caffemodel; all else is skipped, so that forks' fields cannot be misread."""
