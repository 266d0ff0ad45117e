"""Files of both of PyTorch's exporters, converted and compared with what torch itself computes."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import paddlify
from oracles import oracle_python

SCRIPT = Path(__file__).with_name("make_models.py")
TOLERANCE = 1e-4
"""Of the largest absolute value of an output."""

EXPORTERS = ("torchscript", "dynamo")
INPUTS = {
    "resnet": {"image": (-1, 3, -1, -1)},
    "vit": {"image": (-1, 3, 32, 32)},
    "bert": {"input_ids": (-1, -1), "attention_mask": (-1, -1)},
    "decoder": {"words": (-1, -1)},
    "tagger": {"words": (-1, -1)},
    "detector": {"image": (1, 3, -1, -1)},
    "unet": {"image": (-1, 3, -1, -1)},
    "unet_sizes": {"image": (-1, 3, -1, -1)},
}
WITHOUT_DATA = {
    "resnet": (0, 0),
    "unet": (0, 0),
    "vit": (1, 1),  # the batch, to which the class token is spread
    "bert": (1, 1),  # the length, to which the positions are cut
    "decoder": (6, 6),  # the length, the positions, and the mask, which all layers share
    "tagger": (0, 0),
    "detector": (17, 23),  # height and width, and the grid that is made of them
    "unet_sizes": (12, 12),  # heights and widths of what is resized, and of what it is resized to
}
"""How many statements of `forward` may depend on sizes and constants alone, by exporter.

What depends on the sizes of inputs cannot be computed before; everything else could, and is.
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a model's files, which torch makes when they are first asked for."""
    folder = tmp_path_factory.mktemp("torch")

    def make(name: str) -> Path:
        if not (folder / f"{name}.dynamo.onnx").exists():
            command = [oracle_python("torch"), str(SCRIPT), str(folder), name]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stderr[-4000:]
        return folder

    return make


@pytest.fixture(scope="module")
def converted(made: Callable[[str], Path]) -> Callable[[str, str], Path]:
    """The folder of a converted model."""

    def convert(name: str, exporter: str) -> Path:
        folder = made(name)
        target = folder / f"{name}.{exporter}"
        if not target.exists():
            paddlify.convert(folder / f"{name}.{exporter}.onnx", target, verify=False)
        return target

    return convert


@pytest.mark.slow
@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", INPUTS)
def test_computes_what_torch_computes(name: str, exporter: str, converted: Callable[[str, str], Path]) -> None:
    target = converted(name, exporter)
    model = paddlify.load(target)
    assert {spec.name: spec.shape for spec in model.inputs} == INPUTS[name]
    for number in range(2):
        arrays = np.load(target.with_name(f"{name}.{number}.npz"))
        expected = [arrays[f"output:{index}"] for index in range(len(model.outputs))]
        assert f"output:{len(expected)}" not in arrays
        results = model.inference({spec.name: arrays[spec.name] for spec in model.inputs})
        for result, want in zip(results, expected, strict=True):
            assert (result.shape, result.dtype) == (want.shape, want.dtype)
            assert np.abs(result - want).max() <= TOLERANCE * np.abs(want).max()


@pytest.mark.slow
@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", INPUTS)
def test_source_is_free_of_shape_arithmetic(name: str, exporter: str, converted: Callable[[str, str], Path]) -> None:
    text = (converted(name, exporter) / "model.py").read_text()
    found = statements_without_data(text)
    assert len(found) <= WITHOUT_DATA[name][EXPORTERS.index(exporter)], "\n".join(found)


def statements_without_data(text: str) -> list[str]:
    """The assignments in `forward` whose value depends on no tensor but for its shape, and on no parameter."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    (forward,) = (function for function in functions if function.name == "forward")
    sizes: set[str] = {"paddle", "F", "nn"}
    found = []
    for statement in forward.body:
        if isinstance(statement, ast.Assign) and names_of_data(statement.value) <= sizes:
            sizes.update(node.id for node in ast.walk(statement.targets[0]) if isinstance(node, ast.Name))
            found.append(ast.unparse(statement))
    return found


def names_of_data(expression: ast.expr) -> set[str]:
    """The names in an expression, without those of tensors of which it takes the shape."""
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "paddle.shape":
        return set()
    if isinstance(expression, ast.Name):
        return {expression.id}
    return set().union(*(names_of_data(child) for child in ast.iter_child_nodes(expression)))


def test_statements_without_data_are_found() -> None:
    found = statements_without_data("""
def forward(self, x):
    n = paddle.shape(x)[0]
    half = n // 2
    y = paddle.expand(self.token, [half, -1])
    grid = paddle.arange(half).astype("float32") * 2.0
    z = y + grid * paddle.shape(y)[0]
    ones = paddle.ones([3])
    return z
""")
    assert [line.split(" = ")[0] for line in found] == ["n", "half", "grid", "ones"]


@pytest.mark.slow
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_source_follows_the_modules(exporter: str, converted: Callable[[str, str], Path]) -> None:
    text = (converted("bert", exporter) / "model.py").read_text()
    for number in range(2):
        assert f"\n        # layers.{number}\n" in text
        assert re.search(rf"self\.layers_{number}_attention_query\w* = nn\.Linear\(", text)
    text = (converted("resnet", exporter) / "model.py").read_text()
    assert "\n        # layer1\n" in text
    assert "\n        # layer2\n" in text


@pytest.mark.slow
@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", ["bert", "decoder"])
def test_attention_is_one_call(name: str, exporter: str, converted: Callable[[str, str], Path]) -> None:
    text = (converted(name, exporter) / "model.py").read_text()
    assert text.count("F.scaled_dot_product_attention(") == 2
    assert "softmax" not in text
    assert "paddle.transpose(" not in text


@pytest.mark.slow
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_suppression_loops_once(exporter: str, converted: Callable[[str, str], Path]) -> None:
    assert (converted("detector", exporter) / "model.py").read_text().count("while_loop(") == 1
