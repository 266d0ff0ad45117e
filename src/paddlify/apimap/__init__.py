"""The API correspondence tables of TensorFlow and Caffe against Paddle, true because their checks are run."""

from __future__ import annotations

from paddlify.apimap.scan import Scan, scan
from paddlify.apimap.show import show
from paddlify.apimap.table import Difference, Kind, Parameter, Row, Table, TableError, load

__all__ = ["Difference", "Kind", "Parameter", "Row", "Scan", "Table", "TableError", "load", "scan", "show"]
