"""Inference of types, shapes and shape arithmetic, in subgraphs also."""

from __future__ import annotations

import re

import onnx_ir as ir
import pytest

from paddlify.ir import inference, opset


def inferred(text: str) -> ir.Graph:
    """The graph of a model in onnx's text format, all values inferred."""
    graph = ir.from_onnx_text(f'<ir_version: 10, opset_import: ["" : {opset.IR_OPSET}]> {text}').graph
    inference.infer_graph(graph, opset.IR_OPSET)
    return graph


def text(shape: ir.Shape | None) -> str:
    """The shape as text; None stands for a dimension that inference named itself."""
    return re.sub(r"\b_s\d+\b", "None", str(shape))


def shape(graph: ir.Graph, name: str) -> str:
    return next(text(v.shape) for node in graph.all_nodes() for v in node.outputs if v.name == name)


def dtype(graph: ir.Graph, name: str) -> ir.DataType | None:
    return next(v.dtype for node in graph.all_nodes() for v in node.outputs if v.name == name)


def test_shape_arithmetic_is_followed_through_symbols() -> None:
    graph = inferred("""
        g (float[N, 3, H, W] x) => (float[] y) {
            shape = Shape (x)
            zero = Constant <value_ints = [0]> ()
            two = Constant <value_ints = [2]> ()
            three = Constant <value_ints = [3]> ()
            n = Gather (shape, zero)
            h = Gather (shape, two)
            w = Gather (shape, three)
            hw = Mul (h, w)
            channels = Constant <value_ints = [3]> ()
            target = Concat <axis = 0> (n, channels, hw)
            flat = Reshape (x, target)
            back = Slice (shape, two, three)
            half = Div (h, two)
            wide = Concat <axis = 0> (n, half)
            ones = ConstantOfShape (wide)
            y = Transpose <perm = [0, 2, 1]> (flat)
        }""")
    assert shape(graph, "flat") == "[N,3,H*W]"
    assert shape(graph, "y") == "[N,H*W,3]"
    assert shape(graph, "ones") == "[N,floor(H/2)]"
    values = {value.name: value for node in graph for value in node.outputs}
    assert [str(element) for element in inference.elements_of(values["back"])] == ["H"]
    assert inference.known_array(values["back"]) is None


def test_scalars_and_vectors_are_told_apart() -> None:
    graph = inferred("""
        g (float[2, 6] x) => (int64[] column) {
            shape = Shape (x)
            one = Constant <value_int = 1> ()
            size = Gather (shape, one)
            axes = Constant <value_ints = [0]> ()
            vector = Unsqueeze (size, axes)
            axis = Constant <value_ints = [1]> ()
            column = Unsqueeze (vector, axis)
        }""")
    values = {value.name: value for node in graph for value in node.outputs}
    assert inference.known_array(values["size"]).shape == ()
    assert inference.known_array(values["vector"]).tolist() == [6]
    assert inference.known_array(values["column"]) is None
    assert shape(graph, "column") == "[1,1]"


def test_division_of_a_difference_is_not_followed() -> None:
    """It may be negative, where ONNX's division and Python's differ."""
    graph = inferred("""
        g (float[N] x) => (float[M] y) {
            n = Shape (x)
            five = Constant <value_ints = [5]> ()
            two = Constant <value_ints = [2]> ()
            less = Sub (n, five)
            half = Div (less, two)
            y = ConstantOfShape (half)
        }""")
    assert inference.elements_of(graph.node(4).outputs[0]) is None
    assert [str(element) for element in inference.elements_of(graph.node(3).outputs[0])] == ["N - 5"]


def test_what_a_model_declares_gives_way_to_what_is_found() -> None:
    graph = inferred("""
        g (float[N, 3] x) => (float[1, 3] y) <float[1, 3] a> {
            a = Relu (x)
            y = Abs (a)
        }""")
    assert shape(graph, "a") == "[N,3]"
    assert str(graph.outputs[0].shape) == "[N,3]"


def test_what_cannot_be_found_stays_as_it_was_declared() -> None:
    graph = inferred("""
        g (float[N, 3] x, int64[2] target) => (float[4, 5] y) {
            y = Reshape (x, target)
        }""")
    assert str(graph.outputs[0].shape) == "[4,5]"


def test_what_follows_from_the_unknown_stays_as_it_was_declared() -> None:
    graph = inferred("""
        g (float[5] x, int64[1] start, int64[1] end) => (float[1] y) {
            cut = Slice (x, start, end)
            y = Abs (cut)
        }""")
    assert shape(graph, "cut") == "[None]"
    assert str(graph.outputs[0].shape) == "[1]"


def test_expand_and_reshape_keep_what_is_known() -> None:
    graph = inferred("""
        g (float[1, 3] x, float[B, S] like) => (float[] y, float[] z) {
            target = Shape <start = 0, end = 1> (like)
            three = Constant <value_ints = [3]> ()
            wide = Concat <axis = 0> (target, three)
            y = Expand (x, wide)
            minus = Constant <value_ints = [-1]> ()
            long = Concat <axis = 0> (target, minus)
            z = Reshape (like, long)
        }""")
    assert shape(graph, "y") == "[B,3]"
    assert shape(graph, "z").startswith("[B,")


def test_tile_keeps_what_it_does_not_repeat() -> None:
    graph = inferred("""
        g (float[N, 3, M] x) => (float[] y) {
            repeats = Constant <value_ints = [1, 2, 2]> ()
            y = Tile (x, repeats)
        }""")
    assert shape(graph, "y") == "[N,6,None]"


@pytest.mark.parametrize(
    ("start", "end", "step", "expected"),
    [
        (-1, -(2**63), -1, "[N,M]"),
        (0, 2**63 - 1, 1, "[N,M]"),
        (-2, -(2**63), -1, "[N,None]"),
        (0, 2**63 - 1, 2, "[N,None]"),
        (0, 5, 1, "[N,None]"),
        (1, 2**63 - 1, 1, "[N,None]"),
        (-1, 0, -1, "[N,None]"),
    ],
)
def test_slice_keeps_an_axis_that_it_takes_as_a_whole(start: int, end: int, step: int, expected: str) -> None:
    graph = inferred(f"""
        g (float[N, M] x) => (float[] y) {{
            start = Constant <value_ints = [{start}]> ()
            end = Constant <value_ints = [{end}]> ()
            axis = Constant <value_ints = [-1]> ()
            step = Constant <value_ints = [{step}]> ()
            y = Slice (x, start, end, axis, step)
        }}""")
    assert text(graph.outputs[0].shape) == expected


def test_slice_keeps_what_it_does_not_cut() -> None:
    graph = inferred("""
        g (float[N, 3, M] x, float[K] like) => (float[] y, float[] z) {
            start = Constant <value_ints = [0]> ()
            axis = Constant <value_ints = [0]> ()
            y_end = Shape (like)
            y = Slice (x, start, y_end, axis)
            z_end = Shape <start = 0, end = 1> (x)
            z = Slice (x, start, z_end, axis)
        }""")
    assert [text(value.shape) for value in graph.outputs] == ["[None,3,M]", "[N,3,M]"]


IF = """
    g (bool c, float[N, 4] x, float[N, 4] other) => (float[] y, float[] z) {{
        y, z = If (c) <
            then_branch = t () => (float a, float b) {{ a = Relu (x)  b = Shape (x) }},
            else_branch = e () => (float p, float q) {{ p = {body}  q = Shape (x) }}
        >
    }}"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [("Abs (other)", "[N,4]"), ("Concat <axis = 1> (x, x)", "[N,None]"), ("ReduceSum <keepdims = 0> (x)", "None")],
)
def test_a_branch_gives_what_both_have_in_common(body: str, expected: str) -> None:
    graph = inferred(IF.format(body=body))
    assert [text(value.shape) for value in graph.outputs] == [expected, "[2]"]
    assert [value.dtype for value in graph.outputs] == [ir.DataType.FLOAT, ir.DataType.INT64]


@pytest.mark.parametrize(("sizes", "expected"), [("2,1", "[2]"), ("2,3", "[2,3]"), ("2,N", "None")])
def test_a_branch_that_is_never_taken_says_nothing(sizes: str, expected: str) -> None:
    graph = inferred(f"""
        g (float[{sizes}] x) => (float[] y) <int64[1] one = {{1}}> {{
            shape = Shape <start = 1> (x)
            is_one = Equal (shape, one)
            y = If (is_one) <then_branch = t () => (float[] a) {{ a = Squeeze (x, one) }},
                             else_branch = e () => (float[] b) {{ b = Identity (x) }}>
        }}""")
    assert shape(graph, "y") == expected


def loop(body: str, extra: str = "") -> ir.Graph:
    return inferred(f"""
        g (int64 count, float[B, 4] start{extra}) => (float[] final, float[] items) {{
            true = Constant <value_int = 1> ()
            go = Cast <to = 9> (true)
            final, items = Loop (count, go, start) <body = b (int64 i, bool in, float state)
                => (bool out, float next, float item) {{
                    out = Identity (in)
                    {body}
                    item = Abs (next)
                }}>
        }}""")


def test_a_carried_value_that_keeps_its_shape() -> None:
    graph = loop("next = Add (state, state)")
    assert shape(graph, "final") == "[B,4]"
    assert shape(graph, "items") == "[None,B,4]"
    assert shape(graph, "item") == "[B,4]"


def test_a_carried_value_that_grows() -> None:
    graph = loop("next = Concat <axis = 1> (state, state)")
    assert shape(graph, "final") == "[B,None]"
    assert shape(graph, "item") == "[B,None]"


def test_a_scan_output_keeps_its_declared_shape_beside_a_carried_value_that_grows() -> None:
    graph = inferred("""
        g (int64 count, float[4] start, int64[1] end) => (float[] final, float[] items) <int64[1] zero = {0}> {
            final, items = Loop (count, , start) <body = b (int64 i, bool in, float state)
                => (bool out, float next, float[2] item) {
                    out = Identity (in)
                    next = Concat <axis = 0> (state, state)
                    item = Slice (next, zero, end)
                }>
        }""")
    assert shape(graph, "final") == "[None]"
    assert shape(graph, "items") == "[None,2]"


def test_a_carried_value_whose_rank_changes() -> None:
    axes = "axes = Constant <value_ints = [0]> ()"
    graph = loop(f"{axes} next = Unsqueeze (state, axes)")
    assert shape(graph, "final") == "None"
    assert dtype(graph, "final") == ir.DataType.FLOAT


def test_scan_cuts_its_sequences() -> None:
    graph = inferred("""
        g (float[4] start, float[B, T, 4] x) => (float[] final, float[] items) {
            final, items = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [-1],
                body = b (float state, float slice) => (float next, float item) {
                    total = ReduceSum <keepdims = 0> (slice)
                    next = Add (state, total)
                    item = Mul (slice, state)
                }> (start, x)
        }""")
    assert shape(graph, "final") == "[4]"
    assert shape(graph, "item") == "[B,4]"
    assert shape(graph, "items") == "[B,4,T]"


def test_values_of_other_domains_are_left_alone() -> None:
    graph = ir.from_onnx_text(
        '<ir_version: 10, opset_import: ["" : 20, "own" : 1]> g (float[2] x) => (float[7] y) { y = own.Op (x) }'
    ).graph
    inference.infer_graph(graph, 20)
    assert str(graph.outputs[0].shape) == "[7]"


def test_a_tensor_keeps_the_sizes_that_are_asked_of_it() -> None:
    graph = inferred("""
        g (float[N, 3, M] x, bool[N] mask) => (float[] y) {
            unknown = Compress <axis = 0> (x, mask)
            sizes = Shape (unknown)
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            first = Slice (sizes, zero, one)
            rest = Constant <value_ints = [-1]> ()
            target = Concat <axis = 0> (first, rest)
            y = Reshape (unknown, target)
        }""")
    first, last = (next(v.shape for n in graph for v in n.outputs if v.name == name) for name in ("unknown", "y"))
    assert first is not None and last is not None
    assert first[0] == last[0] and first[0] != "N"
    assert inference.elements_of(next(v for n in graph for v in n.outputs if v.name == "target")) == (first[0], -1)


def test_follows_remainders_through_a_reshape() -> None:
    graph = inferred("""
        g (float[N, 3] x) => (float[] y) {
            two = Constant <value_int = 2> ()
            three = Constant <value_int = 3> ()
            remainder = Mod (two, three)
            one = Constant <value_ints = [1]> ()
            count = Reshape (remainder, one)
            y = Identity (x)
        }""")
    assert inference.elements_of(next(v for n in graph for v in n.outputs if v.name == "count")) == (2,)


@pytest.mark.parametrize(
    ("operator", "found"), [("Less", 0), ("LessOrEqual", 1), ("Greater", 0), ("GreaterOrEqual", 1), ("Equal", 1)]
)
def test_follows_truth_values_that_become_numbers(operator: str, found: int) -> None:
    graph = inferred(f"""
        g (float[N, 3] x) => (float[] y) {{
            three = Constant <value_int = 3> ()
            other = Constant <value_int = 3> ()
            said = {operator} (three, other)
            number = Cast <to = 7> (said)
            axis = Sub (number, three)
            y = Identity (x)
        }}""")
    assert inference.elements_of(next(v for n in graph for v in n.outputs if v.name == "axis")) == (found - 3,)


def test_a_remainder_with_the_sign_of_the_dividend_is_not_taken_for_the_other() -> None:
    graph = inferred("""
        g (float[N, 3] x) => (float[] y) {
            dividend = Constant <value_int = -2> ()
            divisor = Constant <value_int = 3> ()
            remainder = Mod <fmod = 1> (dividend, divisor)
            y = Identity (x)
        }""")
    assert inference.elements_of(next(v for n in graph for v in n.outputs if v.name == "remainder")) is None


def test_a_minus_one_among_sizes_is_no_size() -> None:
    graph = inferred("""
        g (float[N, 3] x, float[1, 3] token) => (float[] y) {
            n = Shape <start = 0, end = 1> (x)
            kept = Constant <value_ints = [-1]> ()
            shape = Concat <axis = 0> (n, kept)
            minus = Constant <value_ints = [-1, -1]> ()
            is_kept = Equal (shape, minus)
            ones = Constant <value_ints = [1, 1]> ()
            target = Where (is_kept, ones, shape)
            y = Expand (token, target)
        }""")
    assert shape(graph, "y") == "[N,3]"


def test_a_size_that_may_equal_a_number_is_not_decided() -> None:
    graph = inferred("""
        g (float[N, 3] x) => (float[] y) {
            n = Shape <start = 0, end = 1> (x)
            one = Constant <value_ints = [1]> ()
            is_one = Equal (n, one)
            seven = Constant <value_ints = [7]> ()
            target = Where (is_one, seven, n)
            y = ConstantOfShape (target)
        }""")
    assert shape(graph, "y") == "[None]"


def test_ranges_and_slices_have_the_sizes_that_are_asked_for() -> None:
    graph = inferred("""
        g (float[N, L] x) => (float[] y, int64[] below) {
            length = Shape <start = 1, end = 2> (x)
            zero = Constant <value_ints = [0]> ()
            one = Constant <value_ints = [1]> ()
            start = Constant <value_int = 0> ()
            step = Constant <value_int = 1> ()
            limit = Squeeze (length, zero)
            positions = Range (start, limit, step)
            five = Constant <value_int = 5> ()
            less = Sub (limit, five)
            below = Range (start, less, step)
            table = Constant <value = float[1, 3, 2] {1, 2, 3, 4, 5, 6}> ()
            rows = Slice (table, zero, length, one)
            minus = Constant <value_ints = [-1]> ()
            column = Unsqueeze (x, minus)
            y = Add (rows, column)
        }""")
    assert shape(graph, "positions") == "[L]"
    assert shape(graph, "below") == "[None]"
    assert shape(graph, "rows") == "[1,Min(3, L),2]"
    assert shape(graph, "y") == "[N,L,2]"


def test_a_quotient_that_is_surely_no_less_than_0_is_a_size() -> None:
    graph = inferred("""
        g (float[N] x) => (float[] y, float[] z) {
            n = Shape (x)
            one = Constant <value_ints = [1]> ()
            two = Constant <value_ints = [2]> ()
            less = Sub (n, one)
            half = Div (less, two)
            more = Add (half, one)
            y = ConstantOfShape (more)
            twice = Div (less, two)
            again = Add (one, twice)
            z = ConstantOfShape (again)
        }""")
    assert shape(graph, "y") == "[None + 1]"
    values = {value.name: value for node in graph for value in node.outputs}
    assert values["y"].shape == values["z"].shape


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("N, L, 32", "[0, 0, 4, -1]", "[N,L,4,8]"),
        ("N, L, 32", "[-1, 8]", "[4*L*N,8]"),
        ("N, L, 30", "[-1, 8]", "[None,8]"),
        ("N, 1", "[-1]", "[N]"),
    ],
)
def test_a_size_that_reshape_infers(source: str, target: str, expected: str) -> None:
    graph = inferred(f"""
        g (float[{source}] x) => (float[] y) {{
            target = Constant <value_ints = {target}> ()
            y = Reshape (x, target)
        }}""")
    assert shape(graph, "y") == expected
