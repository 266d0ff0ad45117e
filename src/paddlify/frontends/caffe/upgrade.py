"""Older forms of a net's description, raised to today's.

V0 has `layers { layer { type: "conv" … } }`, V1 `layers { type: CONVOLUTION … }`; both have `input:` fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from paddlify.errors import LoadError

V1_TYPES: Final = {
    "ABSVAL": "AbsVal",
    "ACCURACY": "Accuracy",
    "ARGMAX": "ArgMax",
    "BNLL": "BNLL",
    "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss",
    "CONVOLUTION": "Convolution",
    "DATA": "Data",
    "DECONVOLUTION": "Deconvolution",
    "DROPOUT": "Dropout",
    "DUMMY_DATA": "DummyData",
    "ELTWISE": "Eltwise",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "EXP": "Exp",
    "FLATTEN": "Flatten",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss",
    "IM2COL": "Im2col",
    "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "MVN": "MVN",
    "POOLING": "Pooling",
    "POWER": "Power",
    "RELU": "ReLU",
    "SIGMOID": "Sigmoid",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence",
    "SLICE": "Slice",
    "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "SPLIT": "Split",
    "TANH": "TanH",
    "THRESHOLD": "Threshold",
    "WINDOW_DATA": "WindowData",
}

V0_TYPES: Final = {
    "accuracy": ("Accuracy", ""),
    "bnll": ("BNLL", ""),
    "concat": ("Concat", "concat_param"),
    "conv": ("Convolution", "convolution_param"),
    "data": ("Data", "data_param"),
    "dropout": ("Dropout", "dropout_param"),
    "euclidean_loss": ("EuclideanLoss", ""),
    "flatten": ("Flatten", ""),
    "hdf5_data": ("HDF5Data", "hdf5_data_param"),
    "hdf5_output": ("HDF5Output", ""),
    "im2col": ("Im2col", "convolution_param"),
    "images": ("ImageData", "image_data_param"),
    "infogain_loss": ("InfogainLoss", "infogain_loss_param"),
    "innerproduct": ("InnerProduct", "inner_product_param"),
    "lrn": ("LRN", "lrn_param"),
    "multinomial_logistic_loss": ("MultinomialLogisticLoss", ""),
    "pool": ("Pooling", "pooling_param"),
    "relu": ("ReLU", ""),
    "sigmoid": ("Sigmoid", ""),
    "softmax": ("Softmax", ""),
    "softmax_loss": ("SoftmaxWithLoss", ""),
    "split": ("Split", ""),
    "tanh": ("TanH", ""),
    "window_data": ("WindowData", "window_data_param"),
}
"""Layer type and the parameter message that holds its settings."""

_V0_RENAMED: Final = {
    "biasterm": "bias_term",
    "kernelsize": "kernel_size",
    "batchsize": "batch_size",
    "shuffle_images": "shuffle",
    "det_fg_threshold": "fg_threshold",
    "det_bg_threshold": "bg_threshold",
    "det_fg_fraction": "fg_fraction",
    "det_context_pad": "context_pad",
    "det_crop_mode": "crop_mode",
}
_V0_TRANSFORM: Final = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}
_V0_COMMON: Final = {"name", "type", "blobs", "blobs_lr", "weight_decay"}


def upgrade(net: Any, path: str) -> list[Any]:
    """The layers of a NetParameter as LayerParameter messages, `input:` fields as Input layers before them.

    Raises LoadError for a mixture of forms, or a V0 or V1 type that Caffe does not have.
    """
    if net.layer and net.layers:
        raise LoadError(f"{path}: has both 'layer' and 'layers'; Caffe takes one of them")
    layers = list(_inputs(net, path))
    layers += net.layer
    if any(layer.HasField("layer") for layer in net.layers):
        layers += _from_v0(net, path)
    else:
        layers += [_from_v1(net, layer, path) for layer in net.layers]
    return layers


def _inputs(net: Any, path: str) -> Iterator[Any]:
    if not net.input:
        return
    shapes = [list(shape.dim) for shape in net.input_shape]
    if not shapes and net.input_dim:
        if len(net.input_dim) % 4:
            raise LoadError(f"{path}: input_dim must be given 4 times for each input")
        shapes = [list(net.input_dim[start : start + 4]) for start in range(0, len(net.input_dim), 4)]
    if shapes and len(shapes) not in (1, len(net.input)):
        raise LoadError(f"{path}: {len(net.input)} inputs, but {len(shapes)} shapes")
    for index, name in enumerate(net.input):
        layer = _new_layer(net, name, "Input")
        layer.top.append(name)
        if shapes:
            layer.input_param.shape.add().dim.extend(shapes[index if len(shapes) > 1 else 0])
        yield layer


def _from_v1(net: Any, old: Any, path: str) -> Any:
    kind = old.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number[old.type].name
    if kind not in V1_TYPES:
        raise LoadError(f"{path}: layer '{old.name}' has no type")
    layer = _new_layer(net, old.name, V1_TYPES[kind])
    layer.bottom.extend(old.bottom)
    layer.top.extend(old.top)
    layer.include.extend(old.include)
    layer.exclude.extend(old.exclude)
    layer.loss_weight.extend(old.loss_weight)
    for index, name in enumerate(old.param):
        spec = layer.param.add(name=name)
        if index < len(old.blob_share_mode):
            spec.share_mode = old.blob_share_mode[index]
    for field, value in old.ListFields():
        if field.name.endswith("_param"):
            getattr(layer, field.name).MergeFrom(value)
    return layer


def _from_v0(net: Any, path: str) -> Iterator[Any]:
    """V0 layers; a layer of type "padding" becomes the pad of the convolutions and poolings that follow it."""
    padding: dict[str, tuple[str, int]] = {}
    for old in net.layers:
        if old.layer.type == "padding":
            if len(old.bottom) != 1 or len(old.top) != 1:
                raise LoadError(f"{path}: layer '{old.layer.name}' (padding) must have one bottom and one top")
            padding[old.top[0]] = (old.bottom[0], old.layer.pad)
            continue
        layer = _v0_layer(net, old, path)
        for index, bottom in enumerate(old.bottom):
            if bottom not in padding:
                continue
            layer.bottom[index], pad = padding[bottom]
            if layer.type == "Convolution":
                layer.convolution_param.pad.append(pad)
            elif layer.type == "Pooling":
                layer.pooling_param.pad = pad
            else:
                raise LoadError(f"{path}: padding cannot stand before layer '{layer.name}' ({layer.type})")
        yield layer


def _v0_layer(net: Any, old: Any, path: str) -> Any:
    if old.layer.type not in V0_TYPES:
        raise LoadError(f"{path}: layer '{old.layer.name}' has the type '{old.layer.type}', which V0 does not have")
    kind, param = V0_TYPES[old.layer.type]
    layer = _new_layer(net, old.layer.name, kind)
    layer.bottom.extend(old.bottom)
    layer.top.extend(old.top)
    for field, value in old.layer.ListFields():
        if field.name in _V0_COMMON:
            continue
        is_transform = field.name in _V0_TRANSFORM and kind.endswith("Data")
        target = layer.transform_param if is_transform else getattr(layer, param) if param else None
        name = _V0_TRANSFORM[field.name] if is_transform else _V0_RENAMED.get(field.name, field.name)
        wanted = target.DESCRIPTOR.fields_by_name.get(name) if target is not None else None
        if wanted is None:
            raise LoadError(f"{path}: layer '{layer.name}' ({kind}) cannot have the V0 field '{field.name}'")
        if wanted.message_type is not None:
            getattr(target, name).MergeFrom(value)
        elif wanted.is_repeated:
            getattr(target, name).append(value)
        else:
            setattr(target, name, value)
    return layer


def _new_layer(net: Any, name: str, kind: str) -> Any:
    """A LayerParameter that does not belong to the net's own list."""
    layer = type(net)().layer.add()
    layer.name, layer.type = name, kind
    return layer
