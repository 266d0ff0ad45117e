"""Checks of ``data/caffe.toml``: elementwise layers, shapes, and inputs."""

import numpy as np

from paddlify.apimap.checks.caffe_recordings import blobs, caffe, inputs
from paddlify.apimap.claims import Claim, check
from paddlify.apimap.frameworks import paddle
from paddlify.apimap.grids import random


@check("caffe.AbsVal")
def abs_val(claim: Claim) -> None:
    (x,) = inputs("AbsVal")
    claim.agree(caffe("AbsVal", "out0"), paddle.abs(x))


@check("caffe.ArgMax", "shape")
def arg_max(claim: Claim) -> None:
    (x,) = inputs("ArgMax")
    claim.differ(caffe("ArgMax", "out0"), paddle.argmax(x), "shape")
    found = paddle.argmax(x.flatten(1), axis=1).astype("float32")
    claim.agree(caffe("ArgMax", "out0").reshape(-1), found)
    (x,) = inputs("ArgMax_axis")
    claim.agree(caffe("ArgMax_axis", "out0"), paddle.argmax(x, axis=1, keepdim=True).astype("float32"))
    (x,) = inputs("ArgMax_top2")
    values, positions = paddle.topk(x.flatten(1), k=2)
    claim.agree(caffe("ArgMax_top2", "out0"), paddle.stack([positions.astype("float32"), values], axis=1))


@check("caffe.BNLL")
def bnll(claim: Claim) -> None:
    (x,) = inputs("BNLL")
    claim.agree(caffe("BNLL", "out0"), paddle.nn.functional.softplus(x))


@check("caffe.Concat")
def concat(claim: Claim) -> None:
    claim.agree(caffe("Concat", "out0"), paddle.concat(inputs("Concat"), axis=1))
    claim.agree(caffe("Concat_axis", "out0"), paddle.concat(inputs("Concat_axis"), axis=0))


@check("caffe.Dropout")
def dropout(claim: Claim) -> None:
    (x,) = inputs("Dropout")
    claim.agree(caffe("Dropout", "out0"), paddle.nn.functional.dropout(x, 0.3, training=False))
    (ones,) = inputs("Dropout_train")
    found = paddle.nn.functional.dropout(ones, 0.25, training=True)
    claim.agree(np.unique(caffe("Dropout_train", "out0")), paddle.unique(found))
    for mean in (caffe("Dropout_train", "out0").mean(), float(found.mean())):
        claim.holds(abs(mean - 1.0) < 0.05, "the mean stays 1")


@check("caffe.Eltwise")
def eltwise(claim: Claim) -> None:
    a, b = inputs("Eltwise_sum")
    claim.agree(caffe("Eltwise_sum", "out0"), 1.0 * a - 0.5 * b)
    claim.agree(caffe("Eltwise_prod", "out0"), paddle.multiply(a, b))
    claim.agree(caffe("Eltwise_max", "out0"), paddle.maximum(a, b))


@check("caffe.ELU")
def elu(claim: Claim) -> None:
    (x,) = inputs("ELU")
    claim.agree(caffe("ELU", "out0"), paddle.nn.functional.elu(x, 0.5))


@check("caffe.Exp")
def exp(claim: Claim) -> None:
    (x,) = inputs("Exp")
    claim.agree(caffe("Exp", "out0"), paddle.pow(paddle.to_tensor(2.0), 1 + 0.5 * x))
    claim.agree(caffe("Exp_e", "out0"), paddle.exp(0.5 * x))


@check("caffe.Flatten")
def flatten(claim: Claim) -> None:
    (x,) = inputs("Flatten")
    claim.agree(caffe("Flatten", "out0"), paddle.flatten(x, start_axis=1))


@check("caffe.InnerProduct", "layout")
def inner_product(claim: Claim) -> None:
    (x,), (weight, bias) = inputs("InnerProduct"), blobs("InnerProduct")
    claim.raises(lambda: paddle.nn.functional.linear(x, weight, bias))
    found = paddle.nn.functional.linear(x.flatten(1), weight.T, bias)
    claim.agree(caffe("InnerProduct", "out0"), found, atol=1e-5)


@check("caffe.Input", "usage")
def input_(claim: Claim) -> None:
    paddle.enable_static()
    try:
        with paddle.static.program_guard(paddle.static.Program(), paddle.static.Program()):
            claim.raises(lambda: paddle.static.data([2, 3]))
            data = paddle.static.data("data", [2, 3], "float32")
            claim.agree(list(caffe("Input", "out0").shape), list(data.shape))
    finally:
        paddle.disable_static()


@check("caffe.Log")
def log(claim: Claim) -> None:
    (x,) = inputs("Log")
    claim.agree(caffe("Log", "out0"), paddle.log(3 + 0.5 * x) / float(np.log(2)))


@check("caffe.Power")
def power(claim: Claim) -> None:
    (x,) = inputs("Power")
    claim.agree(caffe("Power", "out0"), paddle.pow(3 + 0.5 * x, 2))


@check("caffe.PReLU")
def prelu(claim: Claim) -> None:
    for case in ("PReLU", "PReLU_shared"):
        (x,), (slope,) = inputs(case), blobs(case)
        claim.agree(caffe(case, "out0"), paddle.nn.functional.prelu(x, slope.reshape([-1])))


@check("caffe.Reduction")
def reduction(claim: Claim) -> None:
    (x,) = inputs("Reduction_sum")
    claim.agree(caffe("Reduction_sum", "out0"), 2 * paddle.sum(x, axis=[1, 2, 3]), atol=1e-5)
    claim.agree(caffe("Reduction_asum", "out0"), paddle.sum(paddle.abs(x), axis=[1, 2, 3]))
    claim.agree(caffe("Reduction_sumsq", "out0"), paddle.sum(paddle.square(x), axis=[1, 2, 3]))
    claim.agree(caffe("Reduction_mean", "out0"), paddle.mean(x), atol=1e-6)


@check("caffe.ReLU", "usage")
def relu(claim: Claim) -> None:
    (x,) = inputs("ReLU")
    claim.agree(caffe("ReLU", "out0"), paddle.nn.functional.relu(x))
    claim.raises(lambda: paddle.nn.functional.relu(x, negative_slope=0.1), TypeError)
    claim.agree(caffe("ReLU_slope", "out0"), paddle.nn.functional.leaky_relu(x, 0.1))


@check("caffe.Reshape", "usage")
def reshape(claim: Claim) -> None:
    (x,) = inputs("Reshape")
    claim.agree(caffe("Reshape", "out0"), paddle.reshape(x, [0, -1, 2]))
    expected = caffe("Reshape_axis", "out0")
    claim.differ(expected, paddle.reshape(x, [2, -1]), "shape")
    claim.agree(expected, paddle.reshape(x, [*x.shape[:3], 2, -1]))


@check("caffe.Sigmoid")
def sigmoid(claim: Claim) -> None:
    (x,) = inputs("Sigmoid")
    claim.agree(caffe("Sigmoid", "out0"), paddle.nn.functional.sigmoid(x))


@check("caffe.Slice", "usage")
def slice_(claim: Claim) -> None:
    (x,) = inputs("Slice")
    expected = [caffe("Slice", "out0"), caffe("Slice", "out1")]
    claim.raises(lambda: claim.agree(expected, paddle.split(x, [1])))
    claim.agree(expected, paddle.split(x, [1, 2], axis=1))


@check("caffe.Softmax", "default")
def softmax(claim: Claim) -> None:
    (x,) = inputs("Softmax")
    claim.differ(caffe("Softmax", "out0"), paddle.nn.functional.softmax(x))
    claim.agree(caffe("Softmax", "out0"), paddle.nn.functional.softmax(x, axis=1))


@check("caffe.TanH")
def tanh(claim: Claim) -> None:
    (x,) = inputs("TanH")
    claim.agree(caffe("TanH", "out0"), paddle.tanh(x))


@check("caffe.Tile", "usage")
def tile(claim: Claim) -> None:
    (x,) = inputs("Tile")
    claim.raises(lambda: paddle.tile(x, axis=1, tiles=3), TypeError)
    claim.agree(caffe("Tile", "out0"), paddle.tile(x, [1, 3]))


@check("caffe.Embed", "usage")
def embed(claim: Claim) -> None:
    (ids,), (table, bias) = inputs("Embed"), blobs("Embed")
    claim.raises(lambda: paddle.nn.functional.embedding(ids, table))
    claim.agree(caffe("Embed", "out0"), paddle.nn.functional.embedding(ids.astype("int64"), table) + bias)


@check("caffe.Threshold")
def threshold(claim: Claim) -> None:
    (x,) = inputs("Threshold")
    claim.agree(caffe("Threshold", "out0"), (x > 0.5).astype("float32"))


@check("caffe.BatchReindex", "dtype")
def batch_reindex(claim: Claim) -> None:
    x, index = inputs("BatchReindex")
    claim.raises(lambda: paddle.gather(x, index))
    claim.agree(caffe("BatchReindex", "out0"), paddle.gather(x, index.astype("int64")))


@check("caffe.Filter")
def filter_(claim: Claim) -> None:
    x, selector = inputs("Filter")
    claim.agree(caffe("Filter", "out0"), x[selector != 0])


@check("caffe.Parameter", "usage")
def parameter(claim: Claim) -> None:
    claim.raises(lambda: paddle.create_parameter([2, 3]), TypeError)
    found = paddle.create_parameter([2, 3], "float32")
    claim.holds(list(found.shape) == [2, 3] and not found.stop_gradient, "a learnable tensor of that shape")


@check("caffe.DummyData", "usage")
def dummy_data(claim: Claim) -> None:
    claim.raises(lambda: paddle.full([2, 3], data_filler="constant"), TypeError)
    claim.agree(caffe("DummyData", "out0"), paddle.full([2, 3], 1.5))


@check("caffe.MemoryData", "usage")
def memory_data(claim: Claim) -> None:
    images, labels = random(4, 1, 2, 2), np.arange(4)
    claim.raises(lambda: paddle.io.TensorDataset([paddle.to_tensor(images)], batch_size=2), TypeError)
    data = paddle.io.TensorDataset([paddle.to_tensor(images), paddle.to_tensor(labels)])
    batches = [batch[0].numpy() for batch in paddle.io.DataLoader(data, batch_size=2)]
    claim.agree([images[:2], images[2:]], batches)


@check("caffe.Swish", "usage")
def swish(claim: Claim) -> None:
    (x,) = inputs("Swish")
    claim.agree(caffe("Swish_1", "out0"), paddle.nn.functional.swish(x))
    claim.differ(caffe("Swish", "out0"), paddle.nn.functional.swish(x))
    claim.agree(caffe("Swish", "out0"), x * paddle.nn.functional.sigmoid(1.5 * x))


@check("caffe.Permute")
def permute(claim: Claim) -> None:
    (x,) = inputs("Permute")
    claim.agree(caffe("Permute", "out0"), paddle.transpose(x, [0, 2, 3, 1]))


# Layers of other Caffes: their formula in NumPy.


@check("caffe.Clip")
def clip(claim: Claim) -> None:
    x = random(3, 4)
    claim.agree(np.minimum(np.maximum(x, -0.5), 1.0), paddle.clip(paddle.to_tensor(x), -0.5, 1.0))


@check("caffe.ReLU6")
def relu6(claim: Claim) -> None:
    x = random(3, 4) * 5
    claim.agree(np.minimum(np.maximum(x, 0), 6), paddle.nn.functional.relu6(paddle.to_tensor(x)))


@check("caffe.Axpy")
def axpy(claim: Claim) -> None:
    factor, x, y = random(2, 3, 1, 1), random(2, 3, 4, 5), random(2, 3, 4, 5, seed=1)
    claim.agree(factor * x + y, paddle.to_tensor(factor) * paddle.to_tensor(x) + paddle.to_tensor(y))
