"""Layers of forks as Python layers of the real Caffe, so that it can run whole nets that use them. Python 3.6."""

import caffe
import fork_reference as forks
import numpy as np


class Fork(caffe.Layer):
    """Settings come as `key=value` words; a key that comes several times is a list."""

    def setup(self, bottom, top):
        self.settings = {}
        for word in self.param_str.split():
            key, value = word.split("=", 1)
            self.settings.setdefault(key, []).append(value)
        for index, shape in enumerate(self.blob_shapes(bottom)):
            self.blobs.add_blob(*shape)
            self.blobs[index].data[...] = 1

    def blob_shapes(self, bottom):
        return []

    def reshape(self, bottom, top):
        top[0].reshape(*self.compute(*[bottom[index].data for index in range(len(bottom))]).shape)

    def forward(self, bottom, top):
        result = self.compute(*[bottom[index].data for index in range(len(bottom))])
        top[0].reshape(*result.shape)
        top[0].data[...] = result

    def backward(self, top, propagate_down, bottom):
        raise NotImplementedError

    def number(self, key, default=None, kind=float):
        return kind(self.settings[key][0]) if key in self.settings else default

    def numbers(self, key):
        return [float(value) for value in self.settings.get(key, [])]

    def flag(self, key, default):
        return self.settings.get(key, [str(default).lower()])[0] == "true"


class BN(Fork):
    def blob_shapes(self, bottom):
        return [(1, bottom[0].channels, 1, 1)] * 2

    def compute(self, x):
        assert self.settings["bn_mode"] == ["INFERENCE"]
        return forks.bn_inference(x, self.blobs[0].data, self.blobs[1].data)


class SpatialDropout(Fork):
    def compute(self, x):
        return x * np.float32(1 / (1 - self.number("p")))


class Upsample(Fork):
    def compute(self, x, mask):
        scale = self.number("scale", kind=int)
        height = x.shape[2] * scale - self.flag("pad_out_h", False)
        return forks.unpool(x, mask, height, x.shape[3] * scale - self.flag("pad_out_w", False))


class ShuffleChannel(Fork):
    def compute(self, x):
        return forks.shuffle_channel(x, self.number("group", kind=int))


class Normalize(Fork):
    def blob_shapes(self, bottom):
        return [(bottom[0].channels,)]

    def compute(self, x):
        assert not self.flag("channel_shared", True)
        return forks.normalize(x, self.blobs[0].data, self.flag("across_spatial", True))


class PriorBox(Fork):
    def compute(self, x, picture):
        return forks.prior_box(
            x.shape[2:], picture.shape[2:], self.numbers("min_size"), self.numbers("max_size"),
            self.numbers("aspect_ratio"), self.flag("flip", True), self.flag("clip", False), self.numbers("variance"),
            self.number("step", 0.0), self.number("offset", 0.5),
        )


class DetectionOutput(Fork):
    def compute(self, loc, conf, prior):
        return forks.detection_output(
            loc, conf, prior, self.number("num_classes", kind=int), self.number("nms_threshold"),
            self.number("top_k", -1, int), self.number("keep_top_k", -1, int), self.number("confidence_threshold"),
            self.settings["code_type"][0], self.flag("share_location", True),
        )


TYPES = {kind.__name__ for kind in Fork.__subclasses__()}
