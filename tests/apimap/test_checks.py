"""The checks run for real, in the environments of the frameworks that they compare."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from oracles import oracle_python
from paddlify.apimap import docs
from paddlify.apimap.scan import FileScan, scan
from paddlify.apimap.show import evidence
from paddlify.apimap.table import load

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TF_CPP_MIN_LOG_LEVEL": "3"}


def run(python: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *arguments], capture_output=True, text=True, env=ENVIRONMENT, cwd=cwd, check=False)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_row_holds_on_the_installed_versions() -> None:
    """All checks, and the parameters against the real signatures."""
    done = run(oracle_python("tensorflow"), "-m", "paddlify.apimap", "check")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    checks = int(re.findall(r"^(\d+) checks", done.stdout, re.MULTILINE)[0])
    assert checks >= len([row for row in load() if row.kind != "none"])


@pytest.mark.slow
def test_a_false_row_is_found() -> None:
    """A check that states the opposite fails, and so does one that compares nothing."""
    code = (
        "from paddlify.apimap import claims, grids, runner, checks\n"
        "import numpy as np\n"
        "claims.CHECKS.clear()\n"
        "x = grids.cases(x=np.array([-1.5, 2.5], 'float32'))\n"
        "claims.same('tf.nn.leaky_relu', 'tf.nn.leaky_relu(x)', grid=x)\n"
        "claims.same('tf.argmax', 'tf.argmax(x, 5)', grid=x)\n"
        "claims.differs('tf.argmax', 'default', 'tf.argmax(x, 0)', grid=x)\n"
        "claims.CHECKS.append(claims.Check('tf.abs', None, lambda claim: claim.agree(1.0, 2.0), ''))\n"
        "claims.CHECKS.append(claims.Check('tf.abs', None, lambda claim: None, ''))\n"
        "claims.CHECKS.append(claims.Check('tf.abs', None, lambda claim: claim.differ(1.0, 1.0), ''))\n"
        "claims.CHECKS.append(claims.Check('tf.abs', None, lambda claim: claim.raises(lambda: 1), ''))\n"
        "claims.CHECKS.append(claims.Check('tf.abs', None, lambda claim: claim.raises(lambda: nothing), ''))\n"
        "print([bool(o.error) for o in runner.run_here(claims.CHECKS)])\n"
    )
    done = run(oracle_python("tensorflow"), "-c", code)
    assert done.stdout.splitlines()[-1:] == [str([False] + [True] * 7)], done.stderr[-1000:]


@pytest.mark.slow
def test_caffe_still_gives_what_is_recorded() -> None:
    recorded = ROOT / "src" / "paddlify" / "apimap" / "caffe_recorded.npz"
    script = Path(__file__).parent / "record_caffe.py"
    done = run(oracle_python("caffe"), str(script), str(recorded), "--check")
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_evidence_is_complete() -> None:
    rows = evidence()["rows"]
    for row in load():
        if row.kind != "none":
            assert set(rows[row.name]) >= {difference.code for difference in row.differences}, row.name


def test_the_pages_are_up_to_date() -> None:
    assert docs.stale(ROOT / "docs" / "api") == []


@pytest.mark.slow
def test_the_mnist_programs_train_alike() -> None:
    """The TensorFlow 1 script, and what `paddlify api rewrite` makes of it, each run by its framework."""
    example = ROOT / "examples" / "mnist_tf1"
    results = []
    for script in ("softmax_tf1.py", "softmax_paddle.py"):
        done = run(oracle_python("tensorflow"), script, cwd=example)
        assert done.returncode == 0, done.stderr[-2000:]
        results.append(json.loads(done.stdout.splitlines()[-1]))
    theirs, ours = results
    assert len(theirs["losses"]) == len(ours["losses"]) == 999
    gaps = [abs(a - b) / a for a, b in zip(theirs["losses"], ours["losses"], strict=True)]
    assert max(gaps) < 1e-4
    assert theirs["losses"][-1] < 0.7 * theirs["losses"][0]
    assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.002)
    assert ours["accuracy"] > 0.9


def _tensorflow_attributes(source: str) -> int:
    """How many dotted names in a file begin with a name that an import of tensorflow binds, by Python's own parser."""
    tree = ast.parse(source)
    bound = {
        (alias.asname or alias.name.split(".")[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.split(".")[0] == "tensorflow"
    }
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            count += isinstance(root, ast.Name) and root.id in bound
    return count


@pytest.mark.slow
def test_scripts_that_nobody_here_wrote_are_scanned_completely() -> None:
    """Every `tf.…` in files of tf_slim is found; what is not in the table is listed as unknown."""
    code = "import importlib.util as u; print(*u.find_spec('tf_slim').submodule_search_locations)"
    folder = Path(run(oracle_python("tensorflow"), "-c", code).stdout.strip())
    modules = (path for path in sorted(folder.rglob("*.py")) if not path.name.endswith("_test.py"))
    counts = {path: _tensorflow_attributes(path.read_text(encoding="utf-8")) for path in modules}
    files = [path for path, count in counts.items() if count][:6]
    assert len(files) >= 3
    for path in files:
        (found,) = scan([path]).files
        assert isinstance(found, FileScan)
        assert not found.error
        assert len(found.references) >= counts[path], path.name
        unknown = [r.name for r in found.references if r.row is None]
        assert all(name.startswith("tf.") for name in unknown)
