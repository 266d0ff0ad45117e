"""Public nets at sizes for a test. Read by Python 3.6 as well.

The prototxt files in `tests/data/caffe/nets` are as they were published. `reduced` makes a test's net of one: smaller
inputs, and fewer outputs of the largest layers. `for_caffe` says the same to the real Caffe, which does not know some
fields and layers of forks: those layers become Python layers (`fork_layers`).
"""

import os
import re
from collections import OrderedDict, namedtuple

Net = namedtuple("Net", "inputs replacements draw outputs")

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "caffe", "nets")


def net(inputs, replacements=(), draw="normal", outputs=()):
    """Input shapes by name, (pattern, replacement) pairs, how inputs are drawn, blobs to compare beside the outputs."""
    return Net(OrderedDict(inputs), replacements, draw, outputs)


def _wide(name, old, new):
    """Fewer outputs of one layer."""
    return (r'(name: "%s"(?:(?!name:).)*?num_output: )%d\b' % (name, old), r"\g<1>%d" % new)


_FC = (r"num_output: 4096\b", "num_output: 128")

NETS = OrderedDict(
    [
        ("lenet", net([("data", (2, 1, 28, 28))], outputs=["ip2"])),
        ("bvlc_alexnet", net([("data", (1, 3, 227, 227))], [_FC], outputs=["fc8"])),
        ("bvlc_caffenet", net([("data", (1, 3, 227, 227))], [_FC], outputs=["fc8"])),
        ("bvlc_googlenet", net([("data", (1, 3, 224, 224))], outputs=["loss3/classifier"])),
        ("densenet_121", net([("data", (1, 3, 96, 96))])),
        ("enet_deploy", net([("data", (1, 3, 64, 96))])),
        ("fcn8s_voc", net([("data", (1, 3, 64, 80))], [_FC])),
        ("inception_v3", net([("data", (1, 3, 139, 139))], outputs=["classifier"])),
        ("mobilenet_ssd_voc", net([("data", (1, 3, 300, 300))], outputs=["mbox_loc", "mbox_conf"])),
        ("mobilenet_v1", net([("data", (2, 3, 96, 96))], outputs=["fc7"])),
        ("mobilenet_v2", net([("data", (2, 3, 96, 96))], outputs=["fc7"])),
        ("mtcnn_det1", net([("data", (2, 3, 31, 28))], outputs=["conv4-1"])),
        ("mtcnn_det2", net([("data", (3, 3, 24, 24))], outputs=["conv5-1"])),
        ("mtcnn_det3", net([("data", (2, 3, 48, 48))], outputs=["conv6-1"])),
        ("openpose_mpi_4stage", net([("image", (1, 3, 48, 64))])),
        ("resnet18_priv", net([("data", (1, 3, 224, 224))], outputs=["fc1000"])),
        ("resnet50_kaiming", net([("data", (1, 3, 224, 224))], outputs=["fc1000"])),
        ("se_bn_inception", net([("data", (1, 3, 224, 224))], outputs=["classifier"])),
        ("segnet_basic_inference", net([("data", (1, 3, 72, 96))], outputs=["conv_classifier"])),
        ("shufflenet_v2_x05", net([("data", (1, 3, 224, 224))])),
        ("squeezenet_v1_1", net([("data", (2, 3, 99, 99))], outputs=["pool10"])),
        ("ssd300_vgg", net([("data", (1, 3, 300, 300))], outputs=["mbox_loc", "mbox_conf"])),
        ("unet", net([("data", (1, 3, 64, 96))])),
        ("vgg16", net([("data", (1, 3, 64, 64))], [_FC], outputs=["fc8"])),
    ]
)


def published(name):
    with open(os.path.join(FOLDER, name + ".prototxt")) as file:
        return file.read()


def reduced(name):
    """The prototxt of a test's net."""
    text = published(name)
    for pattern, replacement in NETS[name].replacements:
        text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
        if not count:
            raise ValueError("%s: nothing matches %s" % (name, pattern))
    for shape in NETS[name].inputs.values():
        text = _with_input(text, shape)
    return text


def _with_input(text, shape):
    """The first declaration of an input's shape, replaced."""
    dims = list(shape)
    pattern = r"(?:input_dim:\s*\d+[^\n]*\s*){4}"
    if re.search(pattern, text):
        return re.sub(pattern, "".join("input_dim: %d\n" % dim for dim in dims), text, count=1)
    pattern = r"(shape\s*:?\s*\{(?:\s|#[^\n]*)*)(?:dim:\s*\d+\s*){4}"
    return re.sub(pattern, lambda found: found.group(1) + " ".join("dim: %d" % dim for dim in dims) + " ", text,
                  count=1)


def for_caffe(text, shapes, fork_types):
    """A reduced net as the real Caffe can read it; `fork_types` become Python layers with their settings as text."""
    text = re.sub(r"#[^\n]*", "", text)
    text = text.replace("ceil_mode: false", "round_mode: FLOOR")
    for block in list(_blocks(text)):
        kind = re.search(r'\btype:\s*"(\w+)"', block)
        if kind is None:
            continue
        if kind.group(1) == "DenseImageData":
            text = text.replace(block, _input_layer(block, shapes))
        elif kind.group(1) in fork_types or "SpatialDropoutLayer" in block:
            text = text.replace(block, _python_layer(block, kind.group(1)))
    return text


def _blocks(text):
    """The text of each layer."""
    for start in re.finditer(r"^\s*layers?\s*:?\s*\{", text, re.MULTILINE):
        depth, end = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[start.start() : end]


def _input_layer(block, shapes):
    name = re.search(r'\btop:\s*"([^"]+)"', block).group(1)
    dims = " ".join("dim: %d" % dim for dim in shapes[name])
    return '\nlayer { name: "%s" type: "Input" top: "%s" input_param { shape { %s } } }' % (name, name, dims)


def _python_layer(block, kind):
    name = re.search(r'\bname:\s*"([^"]+)"', block).group(1)
    ends = " ".join(re.findall(r'\b(?:bottom|top):\s*"[^"]+"', block))
    settings = re.search(r"\b\w+_param\s*:?\s*\{(?!.*lr_mult).*\}", block, re.DOTALL)
    pairs = re.findall(r"\b(\w+):\s*([^\s\"{}]+)", settings.group(0)) if settings else []
    if kind == "Python":
        kind, pairs = "SpatialDropout", [("p", re.search(r"'p\\?': *\\?'([\d.]+)", block).group(1))]
    text = " ".join("%s=%s" % pair for pair in pairs)
    settings = 'python_param { module: "fork_layers" layer: "%s" param_str: "%s" }' % (kind, text)
    return '\nlayer { name: "%s" type: "Python" %s %s }' % (name, ends, settings)
