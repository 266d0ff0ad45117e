"""Functions of Paddle 3 that refuse to build a `ProgramDesc`, given back the operators that it has for them.

Paddle 3.3 moved these into C++, where they take values of its new program form only; their operators are still there.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

_UNARY: Final = {
    **{name: name for name in (
        "abs", "acos", "acosh", "asin", "atanh", "ceil", "cos", "cosh", "exp", "expm1", "floor", "log", "log10",
        "log1p",
        "log2", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "tanh",
    )},
}  # fmt: skip
_TESTS: Final = {"isfinite": "isfinite_v2", "isinf": "isinf_v2", "isnan": "isnan_v2", "logical_not": "logical_not"}
_BINARY: Final = {"maximum": "elementwise_max", "minimum": "elementwise_min", "multiply": "elementwise_mul"}
_COMPARISONS: Final = {name: name for name in ("greater_than", "logical_and", "logical_or", "logical_xor")}
_REDUCTIONS: Final = {"all": "reduce_all", "any": "reduce_any", "amax": "reduce_max", "amin": "reduce_min"}
"""Operators of `ProgramDesc` by function of `paddle`; amax and amin differ from max and min in gradients only."""


@functools.cache
def install() -> None:
    """Replace these functions wherever Paddle's modules hold them; in dynamic mode they are what they were."""
    import paddle
    from paddle.nn import functional

    calls: dict[str, Callable[..., Any]] = {name: _function(op, ("X",)) for name, op in _UNARY.items()}
    calls |= {name: _function(op, ("X",), "bool") for name, op in _TESTS.items()}
    calls |= {name: _function(op, ("X", "Y")) for name, op in _BINARY.items()}
    calls |= {name: _function(op, ("X", "Y"), "bool") for name, op in _COMPARISONS.items()}
    calls |= {name: functools.partial(_reduced, op) for name, op in _REDUCTIONS.items()}
    calls |= {"sum": _sum, "logsumexp": _logsumexp, "matmul": _matmul, "bmm": _function("bmm", ("X", "Y"))}
    calls |= {name: functools.partial(_best, f"arg_{name[3:]}") for name in ("argmax", "argmin")}
    calls |= {"tril": functools.partial(_triangle, True), "triu": functools.partial(_triangle, False)}
    calls |= {"expand_as": _expand_as, "roll": _roll, "shape": functools.partial(_shape, paddle.shape)}
    calls |= {"strided_slice": functools.partial(_strided_slice, paddle.strided_slice)}
    originals = {name: getattr(paddle, name) for name in calls}
    in_functional: dict[str, Callable[..., Any]] = {
        "gelu": _gelu, "softplus": _softplus, "grid_sample": _grid_sample,
        "scaled_dot_product_attention": _scaled_dot_product_attention,
    }
    calls |= in_functional
    originals |= {name: getattr(functional, name) for name in in_functional}
    replaced = {id(original): _in_static_mode(calls[name], original) for name, original in originals.items()}
    for module in [module for name, module in sys.modules.items() if name.split(".")[0] == "paddle"]:
        for name, value in list(vars(module).items()):
            if id(value) in replaced:
                setattr(module, name, replaced[id(value)])


def _in_static_mode(call: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    import paddle

    @functools.wraps(original)
    def function(*arguments: Any, **options: Any) -> Any:
        return (original if paddle.in_dynamic_mode() else call)(*arguments, **options)

    return function


def _append(
    op_type: str, inputs: dict[str, Any], attributes: dict[str, Any] | None = None, dtype: Any = None, slot: str = "Out"
) -> Any:
    """One operator, whose output has the dtype of its first input unless another one is given."""
    from paddle.base.layer_helper import LayerHelper

    helper = LayerHelper(op_type)
    out = helper.create_variable_for_type_inference(dtype=dtype or next(iter(inputs.values())).dtype)
    helper.append_op(
        type=op_type, inputs={name: [value] for name, value in inputs.items()}, outputs={slot: [out]},
        attrs=attributes or {},
    )
    return out


def _function(op_type: str, slots: Sequence[str], dtype: str | None = None) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        return _append(op_type, dict(zip(slots, inputs, strict=True)), dtype=dtype)

    return call


def _axes(x: Any, axis: Any) -> tuple[list[int], bool]:
    """The axes as a list, and whether they are all."""
    axes = list(range(len(x.shape))) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    return axes or [0], axis is None or len(axes) in (0, len(x.shape))


def _reduced(op_type: str, x: Any, axis: Any = None, keepdim: bool = False) -> Any:
    axes, is_all = _axes(x, axis)
    return _append(op_type, {"X": x}, {"dim": axes, "keep_dim": keepdim, "reduce_all": is_all})


def _sum(x: Any, axis: Any = None, dtype: Any = None, keepdim: bool = False) -> Any:
    """Bool and int32 become int64, unless `dtype` says otherwise."""
    import paddle

    if dtype is None and x.dtype in (paddle.bool, paddle.int32):
        dtype = "int64"
    if dtype is not None:
        x = paddle.cast(x, dtype)
    return _reduced("reduce_sum", x, axis, keepdim)


def _logsumexp(x: Any, axis: Any = None, keepdim: bool = False) -> Any:
    axes, is_all = _axes(x, axis)
    return _append("logsumexp", {"X": x}, {"axis": axes, "keepdim": keepdim, "reduce_all": is_all})


def _matmul(x: Any, y: Any, transpose_x: bool = False, transpose_y: bool = False) -> Any:
    return _append("matmul_v2", {"X": x, "Y": y}, {"trans_x": transpose_x, "trans_y": transpose_y})


def _best(op_type: str, x: Any, axis: int | None = None, keepdim: bool = False, dtype: str = "int64") -> Any:
    import paddle

    attributes = {"axis": axis or 0, "keepdims": keepdim, "flatten": axis is None}
    number = paddle.base.framework.convert_np_dtype_to_dtype_(dtype)
    return _append(op_type, {"X": x}, {**attributes, "dtype": int(number)}, dtype)


def _triangle(lower: bool, x: Any, diagonal: int = 0) -> Any:
    return _append("tril_triu", {"X": x}, {"diagonal": diagonal, "lower": lower})


def _expand_as(x: Any, y: Any) -> Any:
    return _append("expand_as_v2", {"X": x, "Y": y}, {"target_shape": list(y.shape)})


def _roll(x: Any, shifts: Any, axis: Any = None) -> Any:
    attributes = {"shifts": _listed(shifts), "axis": [] if axis is None else _listed(axis)}
    return _append("roll", {"X": x}, attributes)


def _shape(original: Callable[..., Any], x: Any) -> Any:
    """Its operator gives int32 in a `ProgramDesc`, and Paddle 3's function int64."""
    import paddle

    return paddle.cast(original(x), "int64")


def _strided_slice(original: Callable[..., Any], x: Any, axes: Any, starts: Any, ends: Any, strides: Any) -> Any:
    """Bounds that the model computes are int32 here."""
    import paddle

    def narrowed(bounds: Any) -> Any:
        return [paddle.cast(item, "int32") if hasattr(item, "dtype") else item for item in bounds]

    return original(x, axes, narrowed(starts), narrowed(ends), narrowed(strides))


def _listed(value: Any) -> list[int]:
    return [value] if isinstance(value, int) else list(value)


def _gelu(x: Any, approximate: bool = False) -> Any:
    return _append("gelu", {"X": x}, {"approximate": approximate})


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return _append("softplus", {"X": x}, {"beta": float(beta), "threshold": float(threshold)})


def _grid_sample(
    x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = True
) -> Any:
    attributes = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
    return _append("grid_sampler", {"X": x, "Grid": grid}, attributes, slot="Output")


def _scaled_dot_product_attention(query: Any, key: Any, value: Any, attn_mask: Any = None, *, scale: float) -> Any:
    """softmax(scale * query key^T + attn_mask) value of [batch, time, heads, size]; Paddle asks for shapes of PIR."""
    import paddle

    query, key, value = (paddle.transpose(x, [0, 2, 1, 3]) for x in (query, key, value))
    scores = paddle.matmul(query * scale, key, transpose_y=True)
    weights = paddle.nn.functional.softmax(scores if attn_mask is None else scores + attn_mask, axis=-1)
    return paddle.transpose(paddle.matmul(weights, value), [0, 2, 1, 3])
