"""Writes what Fluid's operators take, read from Fluid itself: `python3.6 tools/fluid_ops.py > ops.json` (1.8.5)."""

import json
import re
import sys

from paddle.fluid import core, framework

DTYPES = {
    "bool": 0, "int16_t": 1, "int": 2, "int64_t": 3, "::paddle::platform::float16": 4, "float": 5, "double": 6,
    "uint8_t": 20, "int8_t": 21,
}  # fmt: skip
"""C++'s names of element types, as `VarType.Type` numbers them."""


def kernels(op_type):
    """Element types for which an operator has a kernel on the CPU; none for what is no kernel but code, as `while`."""
    names = core._get_all_register_op_kernels().get(op_type, [])
    found = [re.match(r"data_type\[(.*?)\]:.*place\[CPUPlace\]:library_type\[PLAIN\]", name) for name in names]
    return sorted({DTYPES[match.group(1)] for match in found if match})


operators = {
    proto.type: {
        "inputs": [slot.name for slot in proto.inputs],
        "outputs": [slot.name for slot in proto.outputs],
        "attributes": {attribute.name: int(attribute.type) for attribute in proto.attrs},
        "kernels": kernels(proto.type),
    }
    for proto in framework.get_all_op_protos()
    if not proto.type.endswith("_grad")
}
json.dump(operators, sys.stdout, indent=None, sort_keys=True, separators=(",", ":"))
sys.stdout.write("\n")
