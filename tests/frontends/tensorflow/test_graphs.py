"""Graphs of TensorFlow 1: frozen, as text, checkpoints, SavedModels with signatures; options and errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from frontends.tensorflow.compare import assert_same, expected, loaded, names, run
from paddlify.errors import LoadError, UnsupportedModel, UsageError
from paddlify.frontends.tensorflow import recognises


@pytest.mark.parametrize("file", ["frozen.pb", "frozen.pbtxt"])
def test_frozen_graph(graphs: Path, tmp_path: Path, file: str) -> None:
    path = graphs / "mnist" / file
    assert recognises(path)
    found = loaded(path)
    assert found.source_format == "tensorflow frozen graph"
    assert names(found) == (["x"], ["y"])
    assert_same(found, graphs / "mnist", tmp_path)


@pytest.mark.parametrize("file", ["", "model", "model.meta", "model.index"])
def test_training_checkpoint_gives_its_predictions(graphs: Path, tmp_path: Path, file: str) -> None:
    path = graphs / "mnist" / "checkpoint" / file
    assert recognises(path)
    found = loaded(path)
    assert found.source_format == "tensorflow checkpoint"
    assert names(found) == (["x"], ["y"])
    assert set(found.model.graph.initializers) >= {"W", "b"}
    assert_same(found, graphs / "mnist", tmp_path)


def test_options_of_2019(graphs: Path, tmp_path: Path) -> None:
    folder = graphs / "mnist" / "checkpoint"
    found = loaded(
        folder, ["x"], ["y:0"], {"x": (-1, 784)}, meta=str(folder / "model.meta"), ckpt_dir=str(folder)
    )
    assert names(found) == (["x"], ["y"])
    assert_same(found, graphs / "mnist", tmp_path)


def test_weights_stay_on_disk(graphs: Path) -> None:
    for path in (graphs / "mnist" / "frozen.pb", graphs / "mnist" / "checkpoint"):
        large = [value.const_value for value in loaded(path).model.graph.initializers.values()]
        assert any(isinstance(tensor, ir.ExternalTensor) and tensor.shape == (784, 10) for tensor in large)


def test_loss_and_accuracy_can_be_asked_for(graphs: Path) -> None:
    found = loaded(graphs / "mnist" / "checkpoint", outputs=["accuracy"])
    assert names(found) == (["x", "y_"], ["accuracy"])


def test_a_graph_begins_at_an_inner_node(graphs: Path, tmp_path: Path) -> None:
    found = loaded(graphs / "mnist" / "frozen.pb", inputs=["MatMul"], input_shapes={"MatMul": (-1, 10)})
    assert names(found) == (["MatMul"], ["y"])
    logits = np.eye(10, dtype=np.float32)[:3]
    (result,) = run(found.model, {"MatMul": logits}, tmp_path).values()
    assert result.shape == (3, 10)
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": ["yy"]}, "no node 'yy'; did you mean 'y'"),
        ({"outputs": ["y:1"]}, "'y' has 1 outputs"),
        ({"inputs": ["z"]}, "no node 'z'"),
        ({"input_shapes": {"x": (-1, 5)}}, "does not fit the model's, which is -1, 784"),
        ({"input_shapes": {"y": (-1, 5)}}, "which is not an input; there are: x"),
        ({"inputs": ["b"], "outputs": ["y"]}, "need inputs that were not given: x"),
        ({"signature": "serve"}, "signature: no option for a tensorflow frozen graph, .*; there are none"),
        ({"prototxt": "a", "weights": "b"}, "prototxt, weights: no option for a tensorflow frozen graph"),
        ({"input_layout": "nchw"}, "no input has rank 4"),
    ],
)
def test_wrong_options(graphs: Path, options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(graphs / "mnist" / "frozen.pb", **options)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("mnist/checkpoint/model", {"tag": "serve"}, "tag: .* checkpoint, .*; there are meta, ckpt_dir, signature"),
        ("mnist/checkpoint/model", {"random_weights": True, "seed": 0}, "random_weights, seed: no option for"),
        ("partitioned/saved", {"meta": "model.meta"}, "meta: .* SavedModel, .*; there are signature, tag"),
        ("partitioned/saved/saved_model.pb", {"ckpt_dir": "variables"}, "ckpt_dir: no option for a .* SavedModel"),
    ],
)
def test_options_of_other_models_are_refused(graphs: Path, source: str, options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(graphs / source, **options)


def test_training_graph_needs_no_pruning(graphs: Path, tmp_path: Path) -> None:
    found = loaded(graphs / "training", outputs=["y"])
    assert names(found) == (["x"], ["y"])
    assert "weights" in found.model.graph.initializers
    assert_same(found, graphs / "training", tmp_path)


@pytest.mark.parametrize("form", ["floor", "cast", "select"])
def test_dropout_is_removed(graphs: Path, tmp_path: Path, form: str) -> None:
    found = loaded(graphs / f"dropout_{form}" / "frozen.pb")
    assert names(found) == (["x"], ["y"])
    assert "1 dropout(s) were removed, as for inference" in found.notes
    assert_same(found, graphs / f"dropout_{form}", tmp_path)


def test_strings_and_tables_are_cut_off(graphs: Path, tmp_path: Path) -> None:
    path = graphs / "estimator" / "saved"
    with pytest.raises(UnsupportedModel) as raised:
        loaded(path)
    operators = {node.op_type for node in raised.value.nodes}
    assert operators == {"ParseExampleV2", "HashTableV2", "LookupTableFindV2", "AsString"}
    assert "Cut the graph with --inputs and --outputs" in str(raised.value)
    found = loaded(path, ["features", "ids"], ["scores"])
    assert names(found) == (["features", "ids"], ["scores"])
    assert_same(found, graphs / "estimator", tmp_path)


# SavedModels and partitioned variables


def test_signatures(graphs: Path, tmp_path: Path) -> None:
    path = graphs / "partitioned" / "saved"
    assert recognises(path)
    assert recognises(path / "saved_model.pb")
    assert names(loaded(path, signature="one")) == (["x"], ["result"])
    both = loaded(path / "saved_model.pb", signature="both")
    assert both.source_format == "tensorflow SavedModel"
    assert names(both) == (["x"], ["first", "second"])
    assert_same(both, graphs / "partitioned", tmp_path)
    with pytest.raises(UsageError, match="several signatures, choose with --signature: both, one"):
        loaded(path)
    with pytest.raises(UsageError, match="no signature 'bath'; there are: both"):
        loaded(path, signature="bath")


def test_tags(graphs: Path, tmp_path: Path) -> None:
    path = graphs / "partitioned" / "saved"
    found = loaded(path, tag="gpu,serve")
    assert names(found) == (["x"], ["second"])
    assert_same(found, graphs / "partitioned", tmp_path)
    with pytest.raises(UsageError, match="no graph tagged 'tpu'; there are: serve; gpu,serve"):
        loaded(path, tag="tpu")


@pytest.mark.parametrize(
    ("checkpoint", "variables"),
    [("plain", {"net/reference", "net/resource"}), ("renamed", {"other/name", "other/resource"})],
)
def test_parts_of_a_variable_become_one_parameter(
    graphs: Path, tmp_path: Path, checkpoint: str, variables: set[str]
) -> None:
    found = loaded(graphs / "partitioned" / checkpoint, outputs=["first", "second"])
    weights = {name for name, value in found.model.graph.initializers.items() if value.shape == (6, 4)}
    assert weights == variables
    assert not any(node.op_type == "Concat" for node in found.model.graph)
    assert_same(found, graphs / "partitioned", tmp_path)


# Damage


@pytest.fixture
def checkpoint(graphs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graphs / "mnist" / "checkpoint", tmp_path / "copy"))


def test_bad_checksum_of_a_tensor(checkpoint: Path) -> None:
    data = checkpoint / "model.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[1000] ^= 1
    data.write_bytes(content)
    with pytest.raises(LoadError, match="'W' has a wrong checksum"):
        loaded(checkpoint)


def test_bad_checksum_of_the_index(checkpoint: Path) -> None:
    index = checkpoint / "model.index"
    content = bytearray(index.read_bytes())
    content[10] ^= 1
    index.write_bytes(content)
    with pytest.raises(LoadError, match=r"model\.index: damaged: the block at byte 0 has a wrong checksum"):
        loaded(checkpoint)


def test_truncated_files(checkpoint: Path) -> None:
    data = checkpoint / "model.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:2000])
    with pytest.raises(LoadError, match="truncated: it ends before the data of 'W'"):
        loaded(checkpoint)
    index = checkpoint / "model.index"
    index.write_bytes(index.read_bytes()[:-10])
    with pytest.raises(LoadError, match="not a checkpoint index, or truncated"):
        loaded(checkpoint)


def test_missing_files(checkpoint: Path) -> None:
    (checkpoint / "model.data-00000-of-00001").unlink()
    with pytest.raises(LoadError, match="this part of the checkpoint is missing"):
        loaded(checkpoint)
    (checkpoint / "model.meta").unlink()
    with pytest.raises(LoadError, match="holds variables only, give the graph with --meta"):
        loaded(checkpoint)
    with pytest.raises(LoadError, match="does not exist"):
        loaded(checkpoint / "nothing.pb")


def test_checkpoint_of_another_graph(graphs: Path) -> None:
    meta = str(graphs / "training" / "model-7.meta")
    with pytest.raises(LoadError, match="has no value for the variable 'weights'"):
        loaded(graphs / "mnist" / "checkpoint", outputs=["y"], meta=meta)


def test_wrong_shape(graphs: Path, tmp_path: Path) -> None:
    meta = (graphs / "mnist" / "checkpoint" / "model.meta").read_bytes()
    changed = meta.replace(b"\x12\x03\x08\x90\x06\x12\x02\x08\x0a", b"\x12\x03\x08\x91\x06\x12\x02\x08\x0a")
    assert changed != meta
    (tmp_path / "other.meta").write_bytes(changed)
    with pytest.raises(LoadError, match=r"'W' has the shape \[784, 10\] in the checkpoint and \[785, 10\]"):
        loaded(graphs / "mnist" / "checkpoint", inputs=["x"], outputs=["MatMul"], meta=str(tmp_path / "other.meta"))


def test_truncated_graph(graphs: Path, tmp_path: Path) -> None:
    content = (graphs / "mnist" / "frozen.pb").read_bytes()
    (tmp_path / "cut.pb").write_bytes(content[: len(content) // 2])
    with pytest.raises(LoadError, match=r"cut.pb: truncated or damaged"):
        loaded(tmp_path / "cut.pb")


# Control flow as Switch, Merge, Enter, Exit


@pytest.mark.parametrize(
    "name",
    [
        "switch_true_1", "switch_true_minus", "switch_false_1", "switch_false_minus", "frame_0", "frame_1", "frame_5",
        "array_full", "array_part", "woven_true", "woven_false",
    ],
)  # fmt: skip
def test_control_flow(graphs: Path, tmp_path: Path, name: str) -> None:
    found = loaded(graphs / name / "frozen.pb")
    assert set(names(found)[1]) == set(expected(graphs / name)[1])
    assert_same(found, graphs / name, tmp_path)
