"""TEMPORARY until paddlify.convert and frontends.onnx exist."""
from pathlib import Path
import onnx, onnx_ir as ir
from collections import Counter
from onnx_ir import passes as irp
from paddlify import passes
from paddlify.ir import inference
from paddlify.report import Report, TensorSpec
from paddlify.runtime import load  # noqa

def convert(src, out, verify=False):
    from paddlify.backends.paddle.write import write
    out=Path(out); out.mkdir()
    from paddlify import frontends; from paddlify.frontends.base import LoadOptions
    m=frontends.load(src,None,LoadOptions()).model
    from onnx_ir.passes.common import InlinePass
    InlinePass()(m)
    inference.infer_graph(m.graph, 28)
    passes.run(m)
    w=write(m,out,title="t",version="0")
    def spec(v): return TensorSpec(v.name, None if v.shape is None else tuple(d if isinstance(d,int) else -1 for d in v.shape), v.dtype.numpy().name if v.dtype else "unknown")
    Report(version="0",inputs=[spec(v) for v in m.graph.inputs],outputs=[spec(v) for v in m.graph.outputs]).write(out)
