"""Files that are damaged, or made to do damage: each is read, or refused in few words, soon and in little memory."""

from __future__ import annotations

import random
import re
import resource
import time
from collections import Counter
from pathlib import Path

import pytest

from frontends.caffe.references import references
from frontends.caffe.test_load import CONV, INPUT, layer, load
from paddlify.errors import LoadError, PaddlifyError
from paddlify.frontends import caffe
from paddlify.frontends.base import LoadOptions
from paddlify.ir import wire

MUTATIONS = 300
SECONDS = 2.0
MEBIBYTES = 300
NUMBERS = ["0", "-1", "3", "255", "65536", "2147483647", "4294967295", "-2147483648", "1e38", "nan", "1099511627776"]


def mebibytes() -> float:
    """The largest that this process was so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sized(*dims: int, name: str = "data") -> str:
    return f'input: "{name}" input_shape {{ {" ".join(f"dim: {dim}" for dim in dims)} }}\n'


BOMBS = {
    "boxes": (sized(1, 1, 512, 512) + layer("p", "PriorBox", "data data",
              settings="prior_box_param { " + "min_size: 9 " * 1000 + "}"), "layer 'p'.*262144000 boxes"),
    "scores": ('input: "l" input: "c" input: "p" input_shape { dim: 1 dim: 4000000 } '
               "input_shape { dim: 1 dim: 100000000 } input_shape { dim: 1 dim: 2 dim: 4000000 }"
               + layer("d", "DetectionOutput", "l c p", settings="detection_output_param { num_classes: 100 }"),
               "layer 'd'.*100 scores for each of 1000000 boxes"),
    "classes": ('input: "l" input: "c" input: "p" input_shape { dim: 1 dim: 4 } input_shape { dim: 1 dim: 4 } '
                "input_shape { dim: 1 dim: 2 dim: 4 }"
                + layer("d", "DetectionOutput", "l c p", settings="detection_output_param { num_classes: 4294967295 }"),
                "layer 'd'.*4294967295"),
    "im2col": (sized(1, 512, 300, 300) + layer("i", "Im2col", settings="convolution_param { kernel_size: 200 }"),
               "Im2col.*40000 elements in 512 channels"),
    "psroi": ('input: "data" input: "rois" input_shape { dim: 1 dim: 100000000 dim: 1 dim: 1 } '
              "input_shape { dim: 1 dim: 5 }" + layer("p", "PSROIPooling", "data rois",
              settings="psroi_pooling_param { spatial_scale: 1 output_dim: 1 group_size: 10000 }"),
              "layer 'p'.*channels"),
    "continuation": (INPUT + layer("c", "ContinuationIndicator", "",
                     settings="continuation_indicator_param { time_step: 40000 batch_size: 40000 }"),
                     "layer 'c'.*time_step=40000"),
    "window": (INPUT + layer("n", "LRN", settings="lrn_param { local_size: 4294967295 }"), "local_size=4294967295"),
    "weights": (INPUT + "".join(layer(f"fc{n}", "InnerProduct", settings="inner_product_param { num_output: 3000000 }")
                                for n in range(2)), "layer 'fc1'.*random weights"),
    "doubling": (INPUT + layer("d0", "Concat", "data data")
                 + "".join(layer(f"d{n}", "Concat", f"d{n - 1} d{n - 1}") for n in range(1, 60)),
                 "layer 'd22'.*impossible shape"),
    "axes": (sized(*[1] * 1000) + layer("t", "TanH"), "'data': 1000 axes"),
    "nesting": (INPUT + "layer { " + "x { " * 100_000, "nested too deep"),
    "nesting of known messages": ("layer { include { " * 50_000, "nested too deep|not a prototxt"),
    "digits": ('input: "data" input_dim: ' + "9" * 200_000, "line 1:"),
    "name": (INPUT + layer("a" * 1_000_000, "TanH"), "layer 'a{40}'….*a name is called"),
    "line in a name": (INPUT + layer("a\\nb", "TanH", tops="t"), r"layer 'a\\nb': a name is called"),
    "no blob name": (INPUT + layer("t", "TanH").replace('top: "t"', 'top: ""'), "layer 't': a blob has no name"),
    "no type": (INPUT + 'layer { name: "t" bottom: "data" top: "t" }', "layer 't': it has no type"),
    "two inputs of a name": ('input: "data" input: "data" input_shape { dim: 1 }' + layer("t", "TanH"), "given by two"),
    "list": (INPUT + layer("r", "Reshape", settings="reshape_param { shape { " + "dim: 1 " * 50_000 + "} }"),
             "layer 'r'.* … "),
    "padding": ('input: "d" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 '
                'layers { layer { name: "p" type: "padding" } }', r"layer 'p' \(padding\)"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name: str, tmp_path: Path) -> None:
    text, message = BOMBS[name]
    start, before = time.process_time(), mebibytes()
    with pytest.raises(PaddlifyError, match=message) as refused:
        load(text, tmp_path, extra_random_weights=True)
    assert len(str(refused.value)) < 3000
    if isinstance(refused.value, LoadError):
        assert "\n" not in str(refused.value)
    assert time.process_time() - start < SECONDS
    assert mebibytes() - before < MEBIBYTES


def test_many_unknown_fields(tmp_path: Path) -> None:
    text = INPUT + layer("t", "TanH") + " ".join(f"x{index}: 1" for index in range(5_000))
    start = time.process_time()
    (note,) = load(text, tmp_path).notes
    assert note.endswith("x49 and 4950 more.")
    assert time.process_time() - start < SECONDS


def test_nested_caffemodel(tmp_path: Path) -> None:
    """Messages inside each other, known ones and unknown ones."""
    for number in (2, 100, 150):
        content = b""
        for _ in range(3000):
            content = wire.delimited(number, content)
        (tmp_path / "deep").write_bytes(content)
        with pytest.raises(LoadError, match="deep"):
            load(INPUT + CONV, tmp_path, extra_weights=tmp_path / "deep")


def changed_text(text: str, draw: random.Random) -> str:
    """A number or a word replaced, something cut out, repeated or cut off."""
    start = draw.randrange(len(text))
    end = min(start + draw.randrange(1, 80), len(text))
    how = draw.choice(["number", "number", "number", "word", "cut", "repeat", "end", "byte"])
    if how == "number":
        found = draw.choice(list(re.finditer(r"-?\b\d+\b", text)) or [re.search("$", text)])
        return text[: found.start()] + draw.choice(NUMBERS) + text[found.end() :]
    if how == "word":
        old, new = (draw.choice(list(re.finditer(r"\w+", text))) for _ in range(2))
        return text[: old.start()] + new[0] + text[old.end() :]
    middle = {"cut": "", "repeat": text[start:end] * 2, "byte": chr(draw.randrange(1, 256))}.get(how)
    return text[: start + 1] if middle is None else text[:start] + middle + text[end:]


def changed_bytes(content: bytes, draw: random.Random) -> bytes:
    """A byte or a bit replaced, something cut out, put in or cut off; near the beginning more often."""
    start = draw.randrange(min(len(content), draw.choice([60, len(content)])))
    how = draw.choice(["byte", "bit", "cut", "end", "insert"])
    if how in ("byte", "bit"):
        byte = draw.randrange(256) if how == "byte" else content[start] ^ 1 << draw.randrange(8)
        return content[:start] + bytes([byte]) + content[start + 1 :]
    if how == "insert":
        return content[:start] + draw.choice([b"\xff" * 9 + b"\1", b"\n" * 30, b"\0"]) + content[start:]
    return content[:start] + (content[start + draw.randrange(1, 20) :] if how == "cut" else b"")


def test_damaged_files(tmp_path: Path) -> None:
    """Recorded cases of all families with one thing changed in one of their files."""
    draw, cases, ends = random.Random(0), references(), Counter()
    before = mebibytes()
    for number in range(MUTATIONS):
        case = draw.choice(cases)
        prototxt, caffemodel, _, outputs = case.extract(tmp_path)
        extra: dict[str, object] = {"weights": caffemodel}
        if number % 3 == 0:
            caffemodel.write_bytes(changed_bytes(caffemodel.read_bytes(), draw))
        else:
            prototxt.write_text(changed_text(prototxt.read_text(), draw), encoding="utf-8")
            extra = extra if number % 3 == 1 else {"random_weights": True}
        asked = [name for name, _ in outputs] if case.family == "loss" else None
        start = time.process_time()
        try:
            caffe.load(prototxt, LoadOptions(outputs=asked, extra=extra))
            ends["read"] += 1
        except PaddlifyError as error:
            ends[type(error).__name__] += 1
        assert time.process_time() - start < SECONDS, (number, case)
    assert mebibytes() - before < MEBIBYTES
    assert min(ends["read"], ends["LoadError"]) > MUTATIONS / 10, ends
