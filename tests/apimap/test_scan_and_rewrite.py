"""Scanning and rewriting Python files. TensorFlow is not installed where these tests run."""

from __future__ import annotations

import ast
import contextlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from paddlify.apimap.calls import advised_code
from paddlify.apimap.checks import load_checks
from paddlify.apimap.cli import api
from paddlify.apimap.names import Names
from paddlify.apimap.rewrite import rewrite
from paddlify.apimap.scan import RENDERERS, scan
from paddlify.apimap.translate import Untranslatable
from paddlify.errors import PaddlifyError, UsageError

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mnist_tf1"


def found(source: str) -> list[tuple[str, str | None]]:
    return [(r.name, r.row.name if r.row else None) for r in Names(source).references()]


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\ntf.nn.relu(x)",
        "import tensorflow\ntensorflow.nn.relu(x)",
        "from tensorflow import nn\nnn.relu(x)",
        "from tensorflow.nn import relu\nrelu(x)",
        "from tensorflow.nn import relu as r\nr(x)",
        "import tensorflow.compat.v1 as tf\ntf.nn.relu(x)",
        "import tensorflow as tf\nN = tf.nn\nN.relu(x)",
        "def f():\n    import tensorflow as tf\n    return tf.nn.relu(x)",
    ],
)
def test_names_are_resolved(source: str) -> None:
    assert [row for _, row in found(source)] == ["tf.nn.relu"]


def test_what_is_not_tensorflow_is_left_alone() -> None:
    assert found("import numpy as tf\ntf.abs(x)") == []
    assert found("import tensorflow as tf\ndef f(tf):\n    return tf.abs(1)") == []
    assert found("import tensorflow as tf\nN = tf.nn\nN = 3\nN.relu(x)") == [("tf.nn", None)]


def test_unknown_names_are_listed() -> None:
    assert found("import tensorflow as tf\ntf.nn.foo(x)\ntf.float32.max") == [
        ("tf.nn.foo", None),
        ("tf.float32", "tf.float32"),
    ]


def test_the_generation_decides_what_a_name_means() -> None:
    old = Names("import tensorflow as tf\ntf.Session()\ntf.random_normal_initializer()")
    new = Names("import tensorflow as tf\ntf.random_normal_initializer()")
    assert (old.generation, new.generation) == (1, 2)


def test_reports(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import tensorflow as tf\ny = tf.argmax(x)\nz = tf.foo(x)\nw = tf.argmax(y)\n")
    (tmp_path / "b.py").write_text("def (:")
    result = scan([tmp_path])
    assert result.counts()["differs"] == (2, 1)
    assert result.counts()["unknown"] == (1, 1)
    document = json.loads(RENDERERS["json"](result))
    first = document["references"][0]
    assert (first["name"], first["line"], first["column"]) == ("tf.argmax", 2, 5)
    assert list(document["errors"]) == [str(tmp_path / "b.py")]
    sarif = json.loads(RENDERERS["sarif"](result))
    assert sarif["version"] == "2.1.0"
    assert {r["ruleId"] for r in sarif["runs"][0]["results"]} == {"tf.argmax", "unknown"}
    assert "b.py" in RENDERERS["text"](result)
    assert "| `tf.argmax` | 2 | differs | `paddle.argmax` | default |" in RENDERERS["markdown"](result)


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        scan([tmp_path / "nothing.py"])


REWRITES = {
    "tf.math.log(x)": "paddle.log(x)",
    "tf.add(x, y, name='sum')": "paddle.add(x, y)",
    "tf.argmax(x)": "paddle.argmax(x, axis=0)",
    "tf.argmax(x, 1)": "paddle.argmax(x, axis=1)",
    "tf.nn.leaky_relu(x)": "paddle.nn.functional.leaky_relu(x, negative_slope=0.2)",
    "tf.cast(tf.nn.relu(x), tf.float32)": "paddle.cast(paddle.nn.functional.relu(x), paddle.float32)",
    "tf.nn.l2_loss(a + b) * 2": "(paddle.sum(paddle.square(a + b)) / 2) * 2",
    "tf.expand_dims(x, axis=1)": "paddle.unsqueeze(x, axis=1)",
    "tf.clip_by_value(x, 0, 1)": "paddle.clip(x, 0, 1)",
    'tf.einsum("ij,jk->ik", x, y)': 'paddle.einsum("ij,jk->ik", x, y)',
    "tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')": (
        "paddle.nn.functional.max_pool2d(x, [2, 2], [2, 2], 'SAME', data_format=\"NHWC\")"
    ),
}


@pytest.mark.parametrize("call", REWRITES)
def test_calls_are_rewritten(call: str) -> None:
    result = rewrite(f"import tensorflow as tf\nz = {call}\n")
    assert result.source == f"import paddle\nz = {REWRITES[call]}\n"
    assert result.left == ()


@pytest.mark.parametrize("generation", [1, 2])
def test_what_is_written_is_what_the_checks_prove(generation: int) -> None:
    """Each expression of a check is rewritten to the code that the check compares with TensorFlow."""
    checks = [check for check in load_checks() if not check.first_line]
    expressions = list(dict.fromkeys((check.row, line) for check in checks for line in check.source.splitlines()))
    proved = {}
    for row, expression in expressions:
        if (generation == 1) == ("compat.v1" in expression):
            with contextlib.suppress(Untranslatable):
                proved[expression] = advised_code(row, expression)
    source = "".join(f"_ = {expression}\n" for expression in proved)
    result = rewrite(f"import tensorflow as tf\nimport numpy as np\n{source}")
    assert result.left == ()
    written = [statement for statement in ast.parse(result.source).body if isinstance(statement, ast.Assign)]
    assert len(proved) == len(written) > (0, 5, 300)[generation]
    for (expression, code), statement in zip(proved.items(), written, strict=True):
        assert ast.unparse(statement.value) == ast.unparse(ast.parse(code, mode="eval")), expression


def test_comments_and_layout_stay() -> None:
    source = '''"""A doc."""
import tensorflow as tf  # the framework


# before
def f(x,   y):
    z = tf.add(  # why
        x,  # first
        y,
        name="sum",
    )   # after
    return z
'''
    result = rewrite(source)
    expected = source.replace("import tensorflow as tf  # the framework", "import paddle")
    assert result.source == expected.replace("tf.add", "paddle.add").replace('        name="sum",\n', "")


def test_what_is_not_rewritten_gets_a_comment_and_still_parses() -> None:
    source = (
        "import tensorflow as tf\n"
        "if x:\n"
        "    y = tf.nn.foo(tf.abs(x))\n"
        "elif tf.reduce_sum([1, 2]):\n"
        "    y = tf.keras.layers.Dense(3)(x)\n"
        "z = [tf.nn.relu for _ in range(2)]\n"
    )
    result = rewrite(source)
    ast.parse(result.source)
    assert result.rewritten == 1
    lines = result.source.splitlines()
    assert lines[:2] == ["import paddle", "import tensorflow as tf"]
    marked = {"tf.nn.foo": "    y = tf.nn.foo(paddle.abs(x))", "tf.nn.relu": "z = [tf.nn.relu for _ in range(2)]"}
    for name, line in marked.items():
        above = lines[lines.index(line) - 1].strip()
        assert above.startswith(f"# TODO(paddlify): {name}: ")
    assert "paddlify api show tf.keras.layers.Dense" in result.source
    assert [(line, name) for line, name, _ in result.left] == [
        (3, "tf.nn.foo"),
        (4, "tf.reduce_sum"),
        (5, "tf.keras.layers.Dense"),
        (6, "tf.nn.relu"),
    ]
    again = rewrite(result.source)
    assert (again.source, again.rewritten) == (result.source, 0)


def test_nothing_is_left_to_rewrite_afterwards() -> None:
    source = "import tensorflow as tf\n" + "".join(f"a{i} = {call}\n" for i, call in enumerate(REWRITES))
    once = rewrite(source)
    assert Names(once.source).references() == []
    assert rewrite(once.source).source == once.source


@pytest.mark.parametrize(
    "source", ["import tensorflow as tf\npaddle = 3\ntf.abs(x)\n", "import tensorflow as tf\ntf.abs(x\n"]
)
def test_files_that_cannot_be_rewritten_are_refused(source: str) -> None:
    with pytest.raises(PaddlifyError):
        rewrite(source)


def test_the_mnist_example_is_up_to_date() -> None:
    result = rewrite((EXAMPLE / "softmax_tf1.py").read_text(encoding="utf-8"))
    assert result.source == (EXAMPLE / "softmax_paddle.py").read_text(encoding="utf-8")
    assert result.left == ()


def test_sessions_that_are_not_plain_stay() -> None:
    source = (
        "import tensorflow as tf\n"
        "x = tf.placeholder(tf.float32, [None, 3])\n"
        "sess = tf.Session(config=c)\n"
        "feed = {x: 1}\n"
        "sess.run(y, feed_dict=feed)\n"
    )
    result = rewrite(source)
    assert "sess.run(y, feed_dict=feed)" in result.source
    assert "# TODO(paddlify): tf.Session" in result.source


def run(*arguments: str) -> str:
    result = CliRunner().invoke(api, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_show() -> None:
    english = run("show", "tf.nn.softmax_cross_entropy_with_logits")
    assert "soft_label=False" in english
    assert "64 instead of 200" in english
    assert "软标签" in run("show", "nn.softmax_cross_entropy_with_logits", "--lang", "zh")
    assert "paddle.nn.functional.max_pool2d" in run("show", "Pooling")


def test_show_suggests() -> None:
    with pytest.raises(UsageError, match=r"did you mean .*tf\.nn\.dropout"):
        run("show", "tf.dropout")


def test_list() -> None:
    lines = run("list", "--kind", "differs", "--namespace", "tf.nn").splitlines()
    assert "tf.nn.leaky_relu\tdiffers\tpaddle.nn.functional.leaky_relu\tgradient, default" in lines
    assert all("\tdiffers\t" in line for line in lines)


def test_rewrite_command(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("import tensorflow as tf\ny = tf.abs(x)\n")
    run("rewrite", str(file), "-o", str(tmp_path / "b.py"))
    assert (tmp_path / "b.py").read_text() == "import paddle\ny = paddle.abs(x)\n"
    assert "+y = paddle.abs(x)" in run("rewrite", str(file), "--diff")
    assert file.read_text() == "import tensorflow as tf\ny = tf.abs(x)\n"
