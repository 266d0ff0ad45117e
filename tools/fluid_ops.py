"""Writes what Fluid's operators take, read from Fluid itself: `python3.6 tools/fluid_ops.py > ops.json` (1.8.5)."""

import json
import sys

from paddle.fluid import framework

operators = {
    proto.type: {
        "inputs": [slot.name for slot in proto.inputs],
        "outputs": [slot.name for slot in proto.outputs],
        "attributes": {attribute.name: int(attribute.type) for attribute in proto.attrs},
    }
    for proto in framework.get_all_op_protos()
    if not proto.type.endswith("_grad")
}
json.dump(operators, sys.stdout, indent=None, sort_keys=True, separators=(",", ":"))
sys.stdout.write("\n")
