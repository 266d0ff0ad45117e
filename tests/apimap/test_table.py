"""The table itself: complete, well formed, and each row held to its checks. Needs neither TensorFlow nor Paddle."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from paddlify.apimap.checks import load_checks
from paddlify.apimap.table import Parameter, Table, TableError, load


def test_every_row_of_the_table_of_2019_is_present():
    originals = sorted(number for row in load() for number in row.original)
    assert originals == list(range(1, 143))


def test_the_table_is_large_enough():
    caffe = [row for row in load() if row.name.startswith("caffe.")]
    assert len(load()) - len(caffe) >= 400
    assert len(caffe) >= 60


def test_rows_and_checks_belong_to_one_another():
    wanted = set()
    for row in load():
        if row.kind == "differs":
            wanted |= {(row.name, difference.code) for difference in row.differences}
        elif row.kind != "none":
            wanted.add((row.name, None))
    checks = {(check.row, check.code) for check in load_checks()}
    kinds = {row.name: row.kind for row in load()}
    assert wanted - checks == set()
    extra = {(name, code) for name, code in checks - wanted if code is not None or kinds.get(name) in (None, "none")}
    assert extra == set()


def test_a_code_is_stated_once_in_a_row():
    for row in load():
        codes = Counter(difference.code for difference in row.differences)
        assert set(codes.values()) <= {1}, row.name


def test_texts_are_there_in_both_languages():
    for row in load():
        for text in (*(d.text for d in row.differences), *((row.note,) if row.note else ())):
            assert text.en.endswith((".", "]", ".)")), (row.name, text.en)
            assert text.zh.endswith(("。", "）", "]")), (row.name, text.zh)
            assert any("\u4e00" <= character <= "\u9fff" for character in text.zh), row.name


def test_a_counterpart_is_named_unless_there_is_none():
    for row in load():
        if row.kind in ("same", "differs"):
            assert row.paddle, row.name
        if row.kind == "none":
            assert row.note, row.name
            assert not row.paddle, row.name


def test_lookup_by_either_name():
    table = load()
    assert table.find("tf.log", 1) is table.find("tf.math.log") is table.find("tf.log")
    assert table.find("tf.sigmoid") is table.find("tf.nn.sigmoid")
    assert table.find("tf.nothing") is None
    assert table.suggestions("tf.nn.softmax_crossentropy_with_logits")[0] == "tf.nn.softmax_cross_entropy_with_logits"
    assert "tf.nn.dropout" in table.suggestions("tf.dropout")


def test_parameter_lines():
    assert Parameter.parse("features: tensor -> x") == Parameter("features", None, "x", None, tensor=True)
    assert Parameter.parse("alpha=0.2 => slope=0.01") == Parameter("alpha", "0.2", "slope", "0.01", positional=False)
    assert Parameter.parse("seed=None ->") == Parameter("seed", "None", None, None)
    assert Parameter.parse("dim=None -> {axis}") == Parameter("dim", "None", None, None, synonym_of="axis")
    for wrong in ("features", "->"):
        with pytest.raises(TableError):
            Parameter.parse(wrong)


def test_a_name_may_not_mean_two_rows():
    row = load().rows[0]
    other = load().rows[1]
    clash = type(row)(**{**vars(other), "name": row.name})
    with pytest.raises(TableError, match="names both"):
        Table([row, clash])


def test_reading_needs_no_framework():
    code = (
        "import sys; import paddlify.apimap.cli, paddlify.apimap.checks as checks; "
        "from paddlify.apimap import table, translate; table.load(); checks.load_checks(); "
        "print(sorted({'tensorflow', 'paddle', 'libcst'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
