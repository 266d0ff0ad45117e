"""Makes ONNX files with both of PyTorch's exporters; run by the interpreter of the torch oracle.

python make_models.py FOLDER [NAME ...]

Each model NAME gives, for each exporter (`torchscript` and `dynamo`), `NAME.EXPORTER.onnx`; and, for two sizes of its
dynamic dimensions, `NAME.0.npz` and `NAME.1.npz`: the inputs by name, and torch's own outputs as `output:0`, ….
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxscript import opset18 as op
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional
from torch.onnx import symbolic_helper


class BasicBlock(nn.Module):
    def __init__(self, depth: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(depth, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or depth != channels:
            self.downsample = nn.Sequential(nn.Conv2d(depth, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + identity)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 8, 1))
        self.layer2 = nn.Sequential(BasicBlock(8, 16, 2), BasicBlock(16, 16, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.maxpool(self.stem(image))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class ViT(nn.Module):
    """Patches, a class token, learned positions, encoder layers of torch's own with normalisation first."""

    def __init__(self, size: int = 32, patch: int = 8, width: int = 32) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, width))
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, activation="gelu", batch_first=True, norm_first=True, layer_norm_eps=1e-6
        )
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width, 1e-6)
        self.head = nn.Linear(width, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image)
        n, width, height, columns = x.shape
        x = x.reshape(n, width, height * columns).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.encoder(x))[:, 0])


class SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), x.size(1), self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.size(-1)) + mask
        context = (torch.softmax(scores, -1) @ value).transpose(1, 2).contiguous()
        return self.output(context.view(x.size(0), x.size(1), -1))


class EncoderLayer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width, 1e-12)
        self.intermediate = nn.Linear(width, 2 * width)
        self.dense = nn.Linear(2 * width, width)
        self.output_norm = nn.LayerNorm(width, 1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention(x, mask))
        return self.output_norm(x + self.dense(functional.gelu(self.intermediate(x))))


class Bert(nn.Module):
    """Embeddings of words, positions and types; masked attention; a pooled output beside the sequence."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.words = nn.Embedding(100, width, padding_idx=0)
        self.positions = nn.Embedding(64, width)
        self.types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, 1e-12)
        self.layers = nn.ModuleList(EncoderLayer(width, heads) for _ in range(2))
        self.pooler = nn.Linear(width, width)
        self.register_buffer("position_ids", torch.arange(64).expand(1, -1), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        length = input_ids.size(1)
        types = torch.zeros(input_ids.size(), dtype=torch.long, device=input_ids.device)
        x = self.words(input_ids) + self.types(types) + self.positions(self.position_ids[:, :length])
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x, torch.tanh(self.pooler(x[:, 0]))


class DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        parts = self.qkv(self.norm1(x)).split(width, 2)
        query, key, value = (part.view(n, length, self.heads, -1).transpose(1, 2) for part in parts)
        context = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.output(context.transpose(1, 2).reshape(n, length, width))
        return x + self.down(functional.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Decoder(nn.Module):
    """A language model: learned positions, causal attention, the scores of the next word."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.words = nn.Embedding(50, width)
        self.positions = nn.Embedding(64, width)
        self.layers = nn.ModuleList(DecoderLayer(width, heads) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 50, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        x = self.words(words) + self.positions(torch.arange(words.size(1), device=words.device))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))[:, -1]


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.lstm = nn.LSTM(12, 10, batch_first=True, bidirectional=True)
        self.tags = nn.Linear(20, 7)

    def forward(self, words: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(words))
        return functional.log_softmax(self.tags(states), -1)


@torch.library.custom_op("detector::nms", mutates_args=())
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Greedy non-maximum suppression of boxes (x1, y1, x2, y2): int64 indices of those kept, by falling score."""
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for index in torch.argsort(scores, descending=True).tolist():
        low = torch.maximum(boxes[index, :2], boxes[kept, :2])
        high = torch.minimum(boxes[index, 2:], boxes[kept, 2:])
        common = (high - low).clamp(min=0).prod(1)
        if not bool((common / (areas[index] + areas[kept] - common) > iou_threshold).any()):
            kept.append(index)
    return torch.tensor(kept, dtype=torch.int64)


@nms.register_fake
def _(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    return boxes.new_empty([torch.library.get_ctx().new_dynamic_size()], dtype=torch.int64)


ALL_BOXES = 2**31 - 1


@symbolic_helper.parse_args("v", "v", "f")
def nms_symbolic(g: Any, boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """How the TorchScript-based exporter writes `detector::nms`."""
    boxes = symbolic_helper._unsqueeze_helper(g, boxes, [0])
    scores = symbolic_helper._unsqueeze_helper(g, scores, [0, 1])
    most = g.op("Constant", value_t=torch.tensor([ALL_BOXES]))
    threshold = g.op("Constant", value_t=torch.tensor([iou_threshold], dtype=torch.float32))
    selected = g.op("NonMaxSuppression", boxes, scores, most, threshold)
    last = g.op("Gather", selected, g.op("Constant", value_t=torch.tensor([2])), axis_i=1)
    return symbolic_helper._squeeze_helper(g, last, [1])


def nms_translation(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """How the dynamo exporter writes it."""
    selected = op.NonMaxSuppression(
        op.Unsqueeze(boxes, op.Constant(value_ints=[0])), op.Unsqueeze(scores, op.Constant(value_ints=[0, 1])),
        op.Constant(value_ints=[ALL_BOXES]), op.Constant(value_floats=[iou_threshold]),
    )
    return op.Squeeze(op.Gather(selected, op.Constant(value_ints=[2]), axis=1), op.Constant(value_ints=[1]))


class Detector(nn.Module):
    """One box for each cell of a grid of stride 4, decoded from its centre, then suppressed by score."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.SiLU()
        )
        self.boxes = nn.Conv2d(16, 4, 1)
        self.classes = nn.Conv2d(16, 5, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.backbone(image)
        height, width = features.shape[2:]
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        centres = (torch.stack([columns, rows], -1).reshape(-1, 2).to(image.dtype) + 0.5) * 4.0
        deltas = self.boxes(features).permute(0, 2, 3, 1).reshape(-1, 4)
        middles, sizes = centres + deltas[:, :2], torch.exp(deltas[:, 2:].clamp(max=4.0)) * 6.0
        boxes = torch.cat([middles - sizes / 2, middles + sizes / 2], 1)
        scores, labels = self.classes(features).sigmoid().permute(0, 2, 3, 1).reshape(-1, 5).max(1)
        kept = torch.ops.detector.nms(boxes, scores, 0.5)
        return boxes[kept], scores[kept], labels[kept]


def double_conv(depth: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(depth, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """One step up by a transposed convolution, one by bilinear interpolation."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.middle = double_conv(3, 6), double_conv(6, 12), double_conv(12, 16)
        self.pool = nn.MaxPool2d(2)
        self.up2 = nn.ConvTranspose2d(16, 12, 2, 2)
        self.conv2, self.conv1 = double_conv(24, 12), double_conv(18, 6)
        self.outputs = nn.Conv2d(6, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        first = self.down1(image)
        second = self.down2(self.pool(first))
        x = self.conv2(torch.cat([second, self.up2(self.middle(self.pool(second)))], 1))
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.outputs(self.conv1(torch.cat([first, x], 1)))


class ResizingUNet(UNet):
    """The same, which resizes to the very size of what it is joined with, as many do: the size is computed."""

    def forward(self, image: Tensor) -> Tensor:
        first = self.down1(image)
        second = self.down2(self.pool(first))
        x = functional.interpolate(self.up2(self.middle(self.pool(second))), size=second.shape[2:], mode="nearest")
        x = self.conv2(torch.cat([second, x], 1))
        x = functional.interpolate(x, size=first.shape[2:], mode="bilinear", align_corners=True)
        return self.outputs(self.conv1(torch.cat([first, x], 1)))


@dataclass(frozen=True)
class Case:
    """A model and how it is exported.

    Attributes:
        inputs: names of the inputs.
        make: gives the inputs for sizes of the dynamic dimensions.
        sizes: two of them; the first is exported, so it has no size 1 (which torch would take for a constant).
        dynamic: for each input, the dynamic dimensions by axis.
    """

    module: Callable[[], nn.Module]
    inputs: Sequence[str]
    make: Callable[..., Sequence[Tensor]]
    sizes: Sequence[Sequence[int]]
    dynamic: Sequence[dict[int, Any]]
    outputs: Sequence[str] = field(default=("output",))


def images(n: int, height: int, width: int) -> tuple[Tensor]:
    return (torch.randn(n, 3, height, width),)


def masked_words(n: int, length: int) -> tuple[Tensor, Tensor]:
    lengths = torch.randint(1, length + 1, (n, 1))
    return torch.randint(1, 100, (n, length)), (torch.arange(length)[None] < lengths).long()


N, LENGTH = Dim("batch"), Dim("length", max=64)
FULL = {0: N, 2: Dim("height", min=16), 3: Dim("width", min=16)}
MULTIPLES = {0: N, 2: 4 * Dim("rows", min=4), 3: 4 * Dim("columns", min=4)}
IMAGES = ((2, 32, 48), (1, 64, 40))

CASES: dict[str, Case] = {
    "resnet": Case(ResNet, ["image"], images, IMAGES, [FULL]),
    "vit": Case(ViT, ["image"], images, ((2, 32, 32), (5, 32, 32)), [{0: N}]),
    "bert": Case(
        Bert, ["input_ids", "attention_mask"], masked_words, ((2, 9), (3, 17)), [{0: N, 1: LENGTH}] * 2,
        ["sequence", "pooled"],
    ),
    "decoder": Case(
        Decoder, ["words"], lambda n, length: (torch.randint(0, 50, (n, length)),), ((2, 9), (3, 17)),
        [{0: N, 1: LENGTH}],
    ),
    "tagger": Case(
        Tagger, ["words"], lambda n, length: (torch.randint(0, 50, (n, length)),), ((2, 9), (3, 5)),
        [{0: N, 1: Dim("length")}],
    ),
    "detector": Case(
        Detector, ["image"], images, ((1, 32, 48), (1, 64, 40)), [{2: FULL[2], 3: FULL[3]}],
        ["boxes", "scores", "labels"],
    ),
    "unet": Case(UNet, ["image"], images, IMAGES, [MULTIPLES]),
    "unet_sizes": Case(ResizingUNet, ["image"], images, ((2, 32, 48), (1, 37, 50)), [FULL]),
}


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """The module with weights, and statistics of normalisations, that are not the ones it is born with."""
    torch.manual_seed(0)
    module = make().eval()
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.is_floating_point() and tensor.dim() <= 1:
                tensor.copy_(torch.rand_like(tensor) + 0.5 if tensor.dim() else tensor)
            elif tensor.is_floating_point() and tensor.abs().max() == 0:
                tensor.normal_(std=0.2)
    return module


def export(name: str, folder: Path) -> None:
    """Write the model with both exporters, and its inputs and outputs."""
    case = CASES[name]
    module = seeded(case.module)
    arguments = [tuple(case.make(*sizes)) for sizes in case.sizes]
    for number, given in enumerate(arguments):
        with torch.no_grad():
            found = module(*given)
        results = found if isinstance(found, tuple) else (found,)
        arrays = {key: value.numpy() for key, value in zip(case.inputs, given, strict=True)}
        arrays.update({f"output:{index}": value.numpy() for index, value in enumerate(results)})
        np.savez(folder / f"{name}.{number}.npz", **arrays)
    names = {"input_names": list(case.inputs), "output_names": list(case.outputs)}
    axes = {
        key: {axis: str(dim.__name__).replace("*", "_") for axis, dim in dims.items()}
        for key, dims in zip(case.inputs, case.dynamic, strict=True)
    }
    torch.onnx.export(
        module, arguments[0], str(folder / f"{name}.torchscript.onnx"), dynamo=False, dynamic_axes=axes, **names
    )
    torch.onnx.export(
        module, arguments[0], str(folder / f"{name}.dynamo.onnx"), dynamo=True, dynamic_shapes=tuple(case.dynamic),
        custom_translation_table={torch.ops.detector.nms.default: nms_translation}, verbose=False, **names,
    )


def main() -> None:
    """Make the models that the command line names, or all of them."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    torch.onnx.register_custom_op_symbolic("detector::nms", nms_symbolic, 18)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or CASES:
        export(name, folder)


if __name__ == "__main__":
    main()
