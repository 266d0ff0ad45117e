"""Converts a pretrained text recogniser to PaddlePaddle and reads a line of text with it.

The model is PP-OCRv4's recogniser in ONNX form, as the package rapidocr-onnxruntime ships it. `make demo` runs this.
"""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageDraw, ImageFont

import paddlify
from paddlify.cli import keep_stdout

CACHE = Path(__file__).resolve().parent.parent / ".cache"
PACKAGE = "rapidocr-onnxruntime==1.4.4"
MEMBER = "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"
TEXT = "paddlify: right, or refused (2026)"
HEIGHT = 48


def fetch(cache: Path = CACHE) -> Path:
    """The ONNX file, from the package's wheel: downloaded once, not installed."""
    model = cache / Path(MEMBER).name
    if not model.exists():
        cache.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), PACKAGE]
        subprocess.run(command, check=True)
        wheel = next(cache.glob("rapidocr_onnxruntime-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            model.write_bytes(archive.read(MEMBER))
        wheel.unlink()
    return model


def picture(text: str) -> Image.Image:
    """Black text on white."""
    font = ImageFont.load_default(size=36)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("RGB", (int(right - left) + 24, int(bottom - top) + 24), "white")
    ImageDraw.Draw(image).text((12 - left, 12 - top), text, fill="black", font=font)
    return image


def pixels(image: Image.Image) -> np.ndarray:
    """What the recogniser takes: float32 [1, 3, 48, width], BGR, from -1 to 1."""
    resized = image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.BILINEAR)
    bgr = np.asarray(resized, np.float32)[:, :, ::-1]
    return np.ascontiguousarray((bgr / 127.5 - 1).transpose(2, 0, 1)[None])


def alphabet(model: Path) -> list[str]:
    """The characters of the classes, from the model's metadata; class 0 is the blank, the last one a space."""
    properties = {item.key: item.value for item in onnx.load(model, load_external_data=False).metadata_props}
    return ["", *properties["character"].splitlines(), " "]


def read(scores: np.ndarray, characters: list[str]) -> str:
    """Greedy CTC decoding of [1, time, classes]: repeated classes count once, blanks separate."""
    best = scores[0].argmax(-1)
    return "".join(characters[now] for before, now in zip([0, *best], best, strict=False) if now != before)


def seconds(run: Callable[[], object], times: int = 10) -> float:
    """Median time of a call, after one that does not count."""
    run()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def main() -> None:
    """Convert, compare, read."""
    keep_stdout()
    source, target = fetch(), CACHE / "recogniser"
    found = paddlify.inspect(source)
    print(f"source     {source.name}: {sum(item.count for item in found.operators)} nodes, opset {found.opsets['']}")

    start = time.perf_counter()
    verification = paddlify.convert(source, target, force=True).verification
    print(f"converted  in {time.perf_counter() - start:.1f} s, verification included, to {target}:")
    print(f"           {', '.join(sorted(path.name for path in target.iterdir()))}")
    print(f"verified   against {verification.oracle}")
    for item in verification.inputs:
        print(f"input      {item.spec.name} {list(item.array.shape)} {item.array.dtype}, {item.how}")
    for output in verification.outputs:
        print(f"output     {output.name} {list(output.shape)}, cosine {output.cosine:.9f}")
        print(f"           difference at most {output.max_abs:.3g}, on average {output.mean_abs:.3g}")

    model, session = paddlify.load(target), onnxruntime.InferenceSession(source)
    image = pixels(picture(TEXT))
    feeds = {model.inputs[0].name: image}
    (ours,), (theirs,) = model.inference(feeds), session.run(None, feeds)
    texts = [read(scores, alphabet(source)) for scores in (ours, theirs)]
    print(f"image      {list(image.shape)}, generated, says {TEXT!r}")
    print(f"Paddle     reads {texts[0]!r} in {1000 * seconds(lambda: model.inference(feeds)):.1f} ms")
    print(f"source     reads {texts[1]!r} in {1000 * seconds(lambda: session.run(None, feeds)):.1f} ms")
    if texts[0] != texts[1]:
        sys.exit("the two read different texts")


if __name__ == "__main__":
    main()
