"""Makes small TensorFlow models with fixed seeds, each with inputs and TensorFlow's own outputs.

Run with an interpreter that has TensorFlow: `make_models.py FOLDER GROUP`. Each model is a folder NAME with its files
and `data.npz`, whose arrays are called `in/NAME` and `out/NAME`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers as KL  # noqa: N812
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

tf1 = tf.compat.v1
predict_signature = tf1.saved_model.signature_def_utils.predict_signature_def
GROUPS: dict[str, list[Callable[[Path], None]]] = {}


def makes(group: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    def register(function: Callable[[Path], None]) -> Callable[[Path], None]:
        GROUPS.setdefault(group, []).append(function)
        return function

    return register


def save_data(folder: Path, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"in/{name}": array for name, array in inputs.items()}
    arrays |= {f"out/{name}": np.asarray(array) for name, array in outputs.items()}
    np.savez(folder / "data.npz", **arrays)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def run_graph(session: tf1.Session, feeds: Mapping[str, np.ndarray], outputs: list[str]) -> dict[str, np.ndarray]:
    names = [name if ":" in name else f"{name}:0" for name in outputs]
    return dict(zip(outputs, session.run(names, {f"{name}:0": array for name, array in feeds.items()}), strict=True))


def save_frozen(folder: Path, session: tf1.Session, feeds: Mapping[str, np.ndarray], outputs: list[str]) -> None:
    """Freeze the session's graph to frozen.pb, and write what it gives."""
    frozen = tf1.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), outputs)
    save_data(folder, feeds, run_graph(session, feeds, outputs))
    (folder / "frozen.pb").write_bytes(frozen.SerializeToString())


# TensorFlow 1


@makes("graphs")
def mnist(root: Path) -> None:
    """Softmax regression as the article of 2019 has it: a training checkpoint, and the same frozen."""
    folder = root / "mnist"
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(1)
        x = tf1.placeholder(tf.float32, [None, 784], name="x")
        weights = tf1.Variable(tf1.zeros([784, 10]), name="W")
        bias = tf1.Variable(tf1.zeros([10]), name="b")
        y = tf1.nn.softmax(tf1.matmul(x, weights) + bias, name="y")
        labels = tf1.placeholder(tf.float32, [None, 10], name="y_")
        loss = tf1.reduce_sum(tf1.nn.softmax_cross_entropy_with_logits(logits=y, labels=labels))
        train_step = tf1.train.GradientDescentOptimizer(0.01).minimize(loss)
        correct = tf1.equal(tf1.argmax(y, 1), tf1.argmax(labels, 1))
        tf1.reduce_mean(tf1.cast(correct, tf.float32), name="accuracy")
        session.run(tf1.global_variables_initializer())
        generator = np.random.default_rng(2)
        for _ in range(20):
            images = generator.random((100, 784), dtype=np.float32)
            digits = np.eye(10, dtype=np.float32)[generator.integers(0, 10, 100)]
            session.run(train_step, {x: images, labels: digits})
        feeds = {"x": np.random.default_rng(3).random((4, 784), dtype=np.float32)}
        save_frozen(folder, session, feeds, ["y"])
        tf1.train.write_graph(tf1.GraphDef.FromString((folder / "frozen.pb").read_bytes()), str(folder), "frozen.pbtxt")
        tf1.train.Saver().save(session, str(folder / "checkpoint" / "model"))


@makes("graphs")
def dropout(root: Path) -> None:
    """Dropout in its three forms, left in a training graph."""
    x_value = random(2, 5)
    for name in ("floor", "cast", "select"):
        with tf1.Graph().as_default(), tf1.Session() as session:
            x = tf1.placeholder(tf.float32, [None, 5], name="x")
            keep = tf1.placeholder(tf.float32, [], name="keep")
            noise = tf1.random_uniform(tf.shape(x))
            if name == "floor":
                dropped = x / keep * tf.floor(keep + noise)
            elif name == "cast":
                rate = 1.0 - keep
                dropped = x * (1.0 / (1.0 - rate)) * tf.cast(noise >= rate, tf.float32)
            else:
                dropped = tf.nn.dropout(x, 0.4)
            tf.add(dropped, 1.0, name="y")
            save_data(root / f"dropout_{name}", {"x": x_value}, {"y": x_value + np.float32(1)})
            (root / f"dropout_{name}" / "frozen.pb").write_bytes(session.graph.as_graph_def().SerializeToString())


@makes("graphs")
def partitioned(root: Path) -> None:
    """Variables in three parts, of both kinds, in a SavedModel with two signatures and in two checkpoints."""
    folder = root / "partitioned"
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 6], name="x")
        with tf1.variable_scope("net", partitioner=tf1.fixed_size_partitioner(3)):
            initializer = tf1.random_normal_initializer(seed=1)
            reference = tf1.get_variable("reference", [6, 4], initializer=initializer, use_resource=False)
            resource = tf1.get_variable("resource", [6, 4], initializer=initializer, use_resource=True)
        first = tf.reduce_sum(tf.expand_dims(x, 2) * tf.convert_to_tensor(reference), 1, name="first")
        second = tf.reduce_sum(tf.expand_dims(x, 2) + tf.convert_to_tensor(resource), 1, name="second")
        session.run(tf1.global_variables_initializer())
        feeds = {"x": random(2, 6)}
        found = run_graph(session, feeds, ["first", "second"])
        save_data(folder, feeds, found | {"result": found["first"]})
        builder = tf1.saved_model.Builder(str(folder / "saved"))
        signatures = {
            "one": predict_signature({"x": x}, {"result": first}),
            "both": predict_signature({"x": x}, {"first": first, "second": second}),
        }
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.add_meta_graph(["serve", "gpu"], {"serving_default": predict_signature({"x": x}, {"second": second})})
        builder.save()
        tf1.train.Saver().save(session, str(folder / "plain" / "model"))
        (folder / "renamed").mkdir()
        saver = tf1.train.Saver({"other/name": reference, "other/resource": resource}, sharded=True)
        saver.save(session, str(folder / "renamed" / "model"))


@makes("graphs")
def queue_and_summaries(root: Path) -> None:
    """A training graph with queue, summaries, moving averages and two savers."""
    folder = root / "training"
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(1)
        queue = tf1.FIFOQueue(10, [tf.float32])
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        queue.enqueue(x)
        weights = tf1.get_variable("weights", [3, 2], initializer=tf1.random_normal_initializer(seed=3))
        y = tf1.add(tf1.matmul(x, weights), 1.0, name="y")
        tf1.summary.histogram("y_histogram", y)
        average = tf1.train.ExponentialMovingAverage(0.9)
        with tf1.control_dependencies([average.apply([weights])]):
            step = tf1.train.get_or_create_global_step()
            tf1.train.MomentumOptimizer(0.1, 0.9).minimize(tf1.reduce_sum(y), step)
        tf1.train.Saver([weights])
        session.run(tf1.global_variables_initializer())
        feeds = {"x": random(2, 3)}
        save_data(folder, feeds, run_graph(session, feeds, ["y"]))
        tf1.train.Saver().save(session, str(folder / "model"), global_step=7)


@makes("graphs")
def inner_node(root: Path) -> None:
    """A checkpoint of which nodes inside are asked for, one of them a transposed convolution to a computed size."""
    folder = root / "inner_node"
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, None, None, 3], name="x")
        shapes = {"first": [3, 3, 3, 4], "second": [3, 3, 4, 4], "up": [3, 3, 5, 4]}
        filters = {
            name: tf1.get_variable(name, shape, initializer=tf1.random_normal_initializer(seed=seed))
            for seed, (name, shape) in enumerate(shapes.items())
        }
        inner = tf.nn.relu(tf.nn.conv2d(x, filters["first"], 1, "SAME"), name="inner")
        tf.reduce_mean(tf.nn.conv2d(inner, filters["second"], 2, "VALID"), [1, 2], name="last")
        batch, height, width, _ = tf.unstack(tf.shape(x))
        size = [batch, height * 2 - 1, width * 2, 5]
        tf1.nn.conv2d_transpose(inner, filters["up"], size, 2, "SAME", name="resized")
        session.run(tf1.global_variables_initializer())
        feeds = {"x": random(2, 7, 8, 3)}
        save_data(folder, feeds, run_graph(session, feeds, ["inner", "resized"]))
        tf1.train.Saver().save(session, str(folder / "model"))


@makes("graphs")
def estimator(root: Path) -> None:
    """A head as Estimators export it: it takes serialised examples, looks words up and names classes."""
    folder = root / "estimator"
    with tf1.Graph().as_default(), tf1.Session() as session:
        examples = tf1.placeholder(tf.string, [None], name="examples")
        columns = {"x": tf1.io.FixedLenFeature([4], tf.float32), "word": tf1.io.FixedLenFeature([1], tf.string)}
        parsed = tf1.io.parse_example(examples, columns)
        x = tf.identity(parsed["x"], name="features")
        table = tf1.lookup.StaticHashTable(tf1.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1]), -1)
        ids = tf.identity(table.lookup(parsed["word"][:, 0]), name="ids")
        weights = tf1.get_variable("weights", [6, 3], initializer=tf1.random_normal_initializer(seed=4))
        scores = tf.nn.softmax(tf.matmul(tf.concat([x, tf.one_hot(ids, 2)], 1), weights), name="scores")
        classes = tf.as_string(tf.argmax(scores, 1), name="classes")
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        feeds = {"features": random(3, 4), "ids": np.array([1, -1, 0], np.int32)}
        save_data(folder, feeds, run_graph(session, feeds, ["scores"]))
        outputs = {"scores": scores, "classes": classes}
        tf1.saved_model.simple_save(session, str(folder / "saved"), {"examples": examples}, outputs)


HEADS, HEAD_SIZE, WORDS = 4, 6, 50


def encoder_layer(x: tf.Tensor, mask: tf.Tensor, name: str) -> tf.Tensor:
    """Attention and feed-forward network on [batch * time, width], as BERT's own code has them."""
    width, shape = HEADS * HEAD_SIZE, tf1.shape(mask)
    batch, time = shape[0], shape[3]

    def dense(x: tf.Tensor, size: int, name: str) -> tf.Tensor:
        kernel = tf1.get_variable(f"{name}/kernel", [x.shape[-1], size], initializer=tf1.glorot_normal_initializer(5))
        return tf1.nn.bias_add(tf1.matmul(x, kernel), tf1.get_variable(f"{name}/bias", [size]))

    def heads(x: tf.Tensor) -> tf.Tensor:
        return tf1.transpose(tf1.reshape(x, [batch, time, HEADS, HEAD_SIZE]), [0, 2, 1, 3])

    with tf1.variable_scope(name):
        query, key, value = (heads(dense(x, width, part)) for part in ("query", "key", "value"))
        scores = tf1.multiply(tf1.matmul(query, key, transpose_b=True), HEAD_SIZE**-0.5)
        context = tf1.transpose(tf1.matmul(tf1.nn.softmax(scores + mask), value), [0, 2, 1, 3])
        context = dense(tf1.reshape(context, [batch * time, width]), width, "output")
        x = layer_norm(x + context, "norm")
        inner = dense(x, 2 * width, "intermediate")
        inner *= 0.5 * (1.0 + tf.math.erf(inner / np.sqrt(2.0)))
        return layer_norm(x + dense(inner, width, "outer"), "outer_norm")


def layer_norm(x: tf.Tensor, name: str) -> tf.Tensor:
    mean, variance = tf1.nn.moments(x, [-1], keepdims=True)
    with tf1.variable_scope(name):
        scale = tf1.get_variable("gamma", x.shape[-1:], initializer=tf1.random_uniform_initializer(0.5, 1.5, seed=6))
        offset = tf1.get_variable("beta", x.shape[-1:])
    return tf1.nn.batch_normalization(x, mean, variance, offset, scale, 1e-6)


@makes("graphs")
def bert(root: Path) -> None:
    """A BERT-like encoder of two layers from raw operators, whose batch and length are dynamic; frozen and saved."""
    folder, width = root / "bert", HEADS * HEAD_SIZE
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(7)
        ids, mask, types = (
            tf1.placeholder(tf.int32, [None, None], name=name) for name in ("input_ids", "input_mask", "segment_ids")
        )
        shape = tf1.shape(ids)
        with tf1.variable_scope("embeddings"):
            sizes = {"words": WORDS, "positions": 32, "kinds": 2}
            words, positions, kinds = (tf1.get_variable(name, [size, width]) for name, size in sizes.items())
            kind = tf1.reshape(tf1.matmul(tf1.one_hot(tf1.reshape(types, [-1]), 2), kinds), [shape[0], shape[1], width])
            x = tf1.nn.embedding_lookup(words, ids) + kind
            x = layer_norm(x + tf1.expand_dims(tf1.slice(positions, [0, 0], [shape[1], -1]), 0), "norm")
        hidden = (1.0 - tf1.cast(mask[:, tf1.newaxis, tf1.newaxis, :], tf.float32)) * -10000.0
        x = tf1.reshape(x, [-1, width])
        for layer in range(2):
            x = encoder_layer(x, hidden, f"layer_{layer}")
        sequence = tf1.reshape(x, [shape[0], shape[1], width], name="sequence")
        pooler = tf1.get_variable("pooler/kernel", [width, width])
        tf1.tanh(tf1.matmul(tf1.squeeze(sequence[:, 0:1, :], axis=1), pooler), name="pooled")
        session.run(tf1.global_variables_initializer())
        rng = np.random.default_rng(8)
        feeds = {
            "input_ids": rng.integers(0, WORDS, (3, 11)).astype(np.int32),
            "input_mask": (np.arange(11) < np.array([[11], [7], [2]])).astype(np.int32),
            "segment_ids": rng.integers(0, 2, (3, 11)).astype(np.int32),
        }
        save_frozen(folder, session, feeds, ["sequence", "pooled"])
        tf1.train.Saver().save(session, str(folder / "checkpoint" / "model"))


@makes("graphs")
def woven_switches(root: Path) -> None:
    """Conditionals of one predicate that need each other crosswise, so that they cannot all be one."""

    def build() -> list[tf.Tensor]:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        flag = tf1.placeholder(tf.bool, [], name="flag")

        def choose(value: tf.Tensor, name: str) -> tf.Tensor:
            no, yes = tf1.raw_ops.Switch(data=value, pred=flag)
            return tf1.raw_ops.Merge(inputs=[no * 2.0, yes + 3.0], name=name).output

        with tf1.name_scope("one"):
            a = choose(x, "a")
        with tf1.name_scope("two"):
            b = choose(a * 5.0, "b")
            c = choose(x * 7.0, "c")
        with tf1.name_scope("one/"):
            d = choose(c - 1.0, "d")
        return [a, b, c, d]

    for flag in (True, False):
        switch_graph(root, f"woven_{flag}".lower(), build, {"x": random(2, 3), "flag": np.array(flag)})


def switch_graph(root: Path, name: str, build: Callable[[], list[tf.Tensor]], feeds: Mapping[str, np.ndarray]) -> None:
    tf1.disable_control_flow_v2()
    with tf1.Graph().as_default(), tf1.Session() as session:
        outputs = [tf.identity(value, name=f"y{index}").op.name for index, value in enumerate(build())]
        save_frozen(root / name, session, feeds, outputs)
    tf1.enable_control_flow_v2()


@makes("graphs")
def switches(root: Path) -> None:
    """tf.cond in TensorFlow 1's form: nested, several outputs, branches that are constants or what is outside."""

    def build() -> list[tf.Tensor]:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        flag = tf1.placeholder(tf.bool, [], name="flag")
        inner = lambda: tf1.cond(tf.reduce_sum(x) > 0, lambda: x - 3.0, lambda: tf.constant([[7.0, 8.0, 9.0]]))  # noqa: E731
        y = tf1.cond(flag, lambda: x * 2.0 + 1.0, inner)
        a, b = tf1.cond(flag, lambda: (tf.constant(1.0), x + y), lambda: (tf.constant(2.0), x - y))
        c = tf1.cond(flag, lambda: x, lambda: y)
        return [y, a, b, c]

    x = np.abs(random(2, 3))
    for flag in (True, False):
        for sign in (1, -1):
            feeds = {"x": x * np.float32(sign), "flag": np.array(flag)}
            switch_graph(root, f"switch_{flag}_{sign}".lower().replace("-1", "minus"), build, feeds)


@makes("graphs")
def frames(root: Path) -> None:
    """tf.while_loop in TensorFlow 1's form: nested, with a conditional inside, and no iteration at all."""

    def build() -> list[tf.Tensor]:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        count = tf1.placeholder(tf.int32, [], name="count")

        def body(i: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            def inner(j: tf.Tensor, part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                return j + 1, part + tf1.cond(tf.equal(j, 1), lambda: x, lambda: tf.ones_like(x))

            _, part = tf1.while_loop(lambda j, part: j < i, inner, [0, total])
            return i + 1, part * 0.5 + tf.cast(i, tf.float32)

        return list(tf1.while_loop(lambda i, total: i < count, body, [0, x]))

    for count in (0, 1, 5):
        switch_graph(root, f"frame_{count}", build, {"x": random(2, 3), "count": np.array(count, np.int32)})


@makes("graphs")
def arrays(root: Path) -> None:
    """TensorArrays in TensorFlow 1's form, read and written in a loop that may leave the last items unwritten."""

    def build() -> list[tf.Tensor]:
        x = tf1.placeholder(tf.float32, [None, 4, 3], name="x")
        steps = tf1.placeholder(tf.int32, [], name="steps")
        by_time = tf.transpose(x, [1, 0, 2])
        length = tf.shape(by_time)[0]
        source = tf1.TensorArray(tf.float32, length).unstack(by_time)
        target = tf1.TensorArray(tf.float32, length, element_shape=[None, 3])
        growing = tf1.TensorArray(tf.float32, 1, dynamic_size=True, element_shape=[None, 3])

        def body(time: tf.Tensor, target: tf1.TensorArray, growing: tf1.TensorArray, state: tf.Tensor) -> tuple:
            state = state * 0.5 + source.read(time)
            return time + 1, target.write(time, state * 2.0), growing.write(time, state), state

        loop = tf1.while_loop(lambda time, *_: time < steps, body, [0, target, growing, tf.zeros_like(by_time[0])])
        return [loop[1].stack(), loop[2].stack(), loop[3]]

    for name, steps in (("array_full", 4), ("array_part", 2)):
        switch_graph(root, name, build, {"x": random(2, 4, 3), "steps": np.array(steps, np.int32)})


# TensorFlow 2


def save_module(root: Path, name: str, module: tf.Module, feeds: Mapping[str, np.ndarray]) -> None:
    function = module.serve
    tf.saved_model.save(module, str(root / name / "saved"), signatures={"serving_default": function})
    found = function(**{key: tf.constant(array) for key, array in feeds.items()})
    save_data(root / name, feeds, {key: value.numpy() for key, value in found.items()})


class Functions(tf.Module):
    """Functions, variables that are captured by branches and loops, lookups in a table."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(random(3, 3, seed=1), name="weights")
        self.table = tf.Variable(random(10, 3, seed=2), name="table")

    @tf.function
    def step(self, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self.weights) + self.weights[1]

    @tf.function(
        input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x"), tf.TensorSpec([], tf.int32, name="count")]
    )
    def serve(self, x, count):
        y = self.step(x)
        y = y + self.weights[2] if count > 3 else self.step(y - 1.0)
        total, index = y, 0
        while index < count:
            total = total * 0.5 + tf.gather(self.table, index)
            index += 1
        chosen = tf.switch_case(count, [lambda: y, lambda: y * 2.0, lambda: self.step(y)])
        return {"y": y, "total": total, "chosen": chosen}


class Lists(tf.Module):
    """Tensor lists in a loop, and map_fn."""

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 3], tf.float32, name="x")])
    def serve(self, x):
        by_time = tf.transpose(x, [1, 0, 2])
        source = tf.TensorArray(tf.float32, tf.shape(by_time)[0]).unstack(by_time)
        target = tf.TensorArray(tf.float32, tf.shape(by_time)[0])
        state = tf.zeros_like(by_time[0])
        for time in tf.range(tf.shape(by_time)[0]):
            state = state * 0.5 + source.read(time)
            target = target.write(time, state)
        mapped = tf.map_fn(lambda item: tf.reduce_sum(item, 0) * 2.0, x)
        return {"written": target.stack(), "mapped": mapped, "state": state}


class Growing(tf.Module):
    """Tensor lists that are lengthened by what is written into them, in a loop and behind it, and by themselves."""

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def serve(self, x):
        found = {}
        for size in (0, 1, 6):
            target = tf.TensorArray(tf.float32, size, dynamic_size=True, element_shape=[3])
            for index in tf.range(tf.shape(x)[0]):
                target = target.write(index, x[index] * 2.0)
            found |= {f"stack_{size}": target.stack(), f"size_{size}": target.size()}
            found[f"behind_{size}"] = target.write(tf.shape(x)[0] + 1, x[0]).write(1, x[1]).stack()
        whole = tf.raw_ops.TensorListFromTensor(tensor=x, element_shape=tf.constant([3]))
        for size in (0, 2, 6):
            resized = tf.raw_ops.TensorListResize(input_handle=whole, size=size)
            found[f"resized_{size}"] = tf.raw_ops.TensorListStack(
                input_handle=resized, element_shape=tf.constant([3]), element_dtype=tf.float32
            )
        return found


class Anywhere(tf.Module):
    """Tensor lists that are written before a loop, or in it at other indices than its counter; scans."""

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def serve(self, x):
        count = tf.shape(x)[0]
        read, backwards, spread = tf.TensorArray(tf.float32, count, clear_after_read=False), *(
            tf.TensorArray(tf.float32, size, element_shape=[3]) for size in (count, count * 2)
        )
        read = read.write(0, x[0])
        for index in tf.range(1, count):
            read = read.write(index, read.read(index - 1) * 0.5 + x[index])
        for index in tf.range(count - 1, -1, -1):
            backwards = backwards.write(index, x[index] * tf.cast(index, tf.float32))
        for index in tf.range(count):
            spread = spread.write(index * 2, x[index])
        weights = [tf.constant(random(3, 3, seed=seed)) for seed in (1, 2)]
        items = tf.TensorArray(tf.float32, count).unstack(tf.stack([x, -x], 1))

        def step(time, state, target):
            state = tf.tanh(tf.matmul(items.read(time), weights[0]) + tf.matmul(state, weights[1]))
            return time + 1, state, target.write(count - 1 - time, state)

        layer = tf.TensorArray(tf.float32, count)
        _, state, layer = tf.while_loop(lambda time, *_: time < count, step, (0, tf.zeros([2, 3]), layer))
        start = tf.zeros([3]), tf.ones([])
        return {
            "layer": layer.stack(), "state": state,
            "read": read.stack(), "backwards": backwards.stack(), "spread": spread.stack(),
            "scan": tf.scan(lambda state, item: state * 0.5 + item, x),
            "scan_back": tf.scan(lambda state, item: state * 0.5 + item, x, reverse=True),
            "joined": backwards.concat(),
            "of_two": tf.scan(
                lambda state, item: (state[0] + item, state[1] * item[0]), x, initializer=start, reverse=True
            )[1],
        }  # fmt: skip


class Written(tf.Module):
    """A list that is written in a loop of known length at another index than its counter."""

    @tf.function(input_signature=[tf.TensorSpec([4, 3], tf.float32, name="x")])
    def serve(self, x):
        target = tf.TensorArray(tf.float32, 4)
        for index in tf.range(4):
            target = target.write(3 - index, x[index] + 1.0)
        return {"y": target.stack()}


class Appending(tf.Module):
    """A list that is asked for its length while it grows."""

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def serve(self, x):
        target = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[3])
        for item in x:
            target = target.write(target.size(), item)
        return {"y": target.stack()}


class Mutating(tf.Module):
    """A function that changes a variable before it reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = tf.Variable(1.0, name="counter")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def serve(self, x):
        self.counter.assign_add(1.0)
        return {"y": x * self.counter}


@makes("modules")
def modules(root: Path) -> None:
    for count in (0, 2, 5):
        save_module(root, f"functions_{count}", Functions(), {"x": random(2, 3), "count": np.array(count, np.int32)})
    save_module(root, "lists", Lists(), {"x": random(2, 4, 3)})
    save_module(root, "growing", Growing(), {"x": random(4, 3)})
    save_module(root, "anywhere", Anywhere(), {"x": random(4, 3)})
    save_module(root, "anywhere_known", Written(), {"x": random(4, 3)})
    save_module(root, "appending", Appending(), {"x": random(4, 3)})
    save_module(root, "mutating", Mutating(), {"x": random(2)})


# What stands before and behind a network


class Preprocessing(tf.Module):
    """Images as they come from a decoder, made ready for networks in the usual ways."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8, name="image")])
    def serve(self, image):
        """One image of any size."""
        floats = tf.image.convert_image_dtype(image, tf.float32)
        central = tf.image.resize(tf.image.central_crop(floats, 0.75), [24, 20])
        shape = tf.cast(tf.shape(image)[:2], tf.float32)
        sizes = tf.cast(tf.round(shape * (32.0 / tf.reduce_min(shape))), tf.int32)
        aspect = tf.image.resize(tf.cast(image, tf.float32), sizes, "bilinear")
        top, left = (sizes[0] - 28) // 2, (sizes[1] - 28) // 2
        cropped = tf.image.crop_to_bounding_box(aspect, top, left, 28, 28)
        return {
            "aspect": (cropped - [123.68, 116.78, 103.94]) / [58.4, 57.1, 57.4],
            "central": (central - 0.5) * 2.0,
            "fitted": tf.image.resize_with_crop_or_pad(floats, 30, 26),
            "padded": tf.image.resize_with_pad(tf.cast(image, tf.float32), 32, 32),
            "standard": tf.image.per_image_standardization(tf.image.resize(image, [16, 16], "nearest")),
        }


class PreprocessedBatch(tf.Module):
    """A batch of images of one size: colours, mirroring, cutting into boxes."""

    @tf.function(input_signature=[tf.TensorSpec([None, 20, 30, 3], tf.uint8, name="images")])
    def serve(self, images):
        floats = tf.cast(images, tf.float32) / 255.0
        grey = tf.reduce_sum(floats * [0.2989, 0.587, 0.114], -1, keepdims=True)
        boxes = tf.constant([[0.1, 0.2, 0.9, 0.8], [0.0, 0.0, 1.2, 0.5]])
        return {
            "areas": tf.compat.v1.image.resize_area(floats, [10, 15]),
            "bgr": tf.pad(tf.reverse(tf.cast(images, tf.float32), [-1]) - 127.5, [[0, 0], [2, 3], [1, 0], [0, 0]]),
            "crops": tf.image.crop_and_resize(floats, boxes, [0, 1], [7, 9], extrapolation_value=0.25),
            "cubic": tf.image.resize(floats, [32, 18], "bicubic"),
            "grey": tf.image.flip_left_right(tf.image.adjust_contrast(grey, 1.5)),
            "scaled": tf.image.resize(images, [11, 13], "nearest"),
        }


def decoded(encodings: tf.Tensor, anchors: tf.Tensor) -> tf.Tensor:
    """Boxes [y1, x1, y2, x2] from their encodings against anchors of the same form."""
    size = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2.0 + encodings[..., :2] * size * 0.1
    half = tf.exp(encodings[..., 2:] * 0.2) * size / 2.0
    return tf.clip_by_value(tf.concat([centre - half, centre + half], -1), 0.0, 1.0)


def anchors_and_feeds(seed: int = 4) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A grid of 36 anchors; encodings and scores of three classes, the first image without any object."""
    generator = np.random.default_rng(seed)
    centres = np.stack(np.meshgrid(*[(np.arange(6) + 0.5) / 6] * 2, indexing="ij"), -1).reshape(-1, 2)
    anchors = np.concatenate([centres - 0.18, centres + 0.18], 1).astype(np.float32)
    logits = generator.normal(-1, 2, (2, 36, 3)).astype(np.float32)
    logits[0] -= 20
    return anchors, {"encodings": generator.normal(0, 1, (2, 36, 4)).astype(np.float32), "logits": logits}


def kept_of_image(boxes: tf.Tensor, scores: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Suppression class by class in a loop, then the best ten of all, padded; another road where there is nothing."""

    def class_step(index, found_boxes, found_scores, found_classes):
        of_class = scores[:, index]
        kept = tf.image.non_max_suppression(boxes, of_class, 10, iou_threshold=0.4, score_threshold=0.3)
        classes = tf.fill([tf.shape(kept)[0]], index)
        return (
            index + 1,
            tf.concat([found_boxes, tf.gather(boxes, kept)], 0),
            tf.concat([found_scores, tf.gather(of_class, kept)], 0),
            tf.concat([found_classes, classes], 0),
        )

    start = (tf.constant(0), tf.zeros([0, 4]), tf.zeros([0]), tf.zeros([0], tf.int32))
    shapes = (tf.TensorShape([]), tf.TensorShape([None, 4]), tf.TensorShape([None]), tf.TensorShape([None]))
    _, found_boxes, found_scores, found_classes = tf.while_loop(
        lambda index, *_: index < 3, class_step, start, shape_invariants=shapes
    )
    count = tf.minimum(tf.shape(found_scores)[0], 10)

    def some():
        best, order = tf.nn.top_k(found_scores, count)
        missing = 10 - count
        return (
            tf.pad(tf.gather(found_boxes, order), [[0, missing], [0, 0]]),
            tf.pad(best, [[0, missing]]),
            tf.pad(tf.gather(found_classes, order), [[0, missing]], constant_values=-1),
        )

    def nothing():
        return tf.zeros([10, 4]), tf.zeros([10]), tf.fill([10], -1)

    boxes, scores, classes = tf.cond(count > 0, some, nothing)
    return tf.ensure_shape(boxes, [10, 4]), tf.ensure_shape(scores, [10]), tf.ensure_shape(classes, [10]), count


class Detection(tf.Module):
    """What follows a detector: decoding, suppression per image (map_fn) and per class (a loop), padding."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 36, 4], tf.float32, name="encodings"),
            tf.TensorSpec([None, 36, 3], tf.float32, name="logits"),
        ]
    )
    def serve(self, encodings, logits):
        boxes, scores = decoded(encodings, tf.constant(anchors_and_feeds()[0])), tf.sigmoid(logits)
        signature = (tf.float32, tf.float32, tf.int32, tf.int32)
        found = tf.map_fn(lambda pair: kept_of_image(*pair), (boxes, scores), fn_output_signature=signature)
        names = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
        return dict(zip(names, found, strict=True))


class CombinedDetection(tf.Module):
    """The same in the one operator that TensorFlow has for it."""

    @tf.function(input_signature=Detection.serve.input_signature)
    def serve(self, encodings, logits):
        boxes = decoded(encodings, tf.constant(anchors_and_feeds()[0]))
        found = tf.image.combined_non_max_suppression(boxes[:, :, None], tf.sigmoid(logits), 5, 8, 0.4, 0.3)
        return found._asdict()


@makes("pipelines")
def pipelines(root: Path) -> None:
    generator = np.random.default_rng(8)
    for name, shape in (("wide", (37, 61, 3)), ("tall", (70, 33, 3))):
        image = generator.integers(0, 256, shape).astype(np.uint8)
        save_module(root, f"preprocessing_{name}", Preprocessing(), {"image": image})
    images = generator.integers(0, 256, (2, 20, 30, 3)).astype(np.uint8)
    save_module(root, "preprocessing_batch", PreprocessedBatch(), {"images": images})
    anchors, feeds = anchors_and_feeds()
    save_module(root, "detection", Detection(), feeds)
    save_module(root, "detection_combined", CombinedDetection(), feeds)

    def build() -> list[tf.Tensor]:
        boxes = tf1.placeholder(tf.float32, [36, 4], name="encodings")
        scores = tf1.placeholder(tf.float32, [36, 3], name="logits")
        return list(kept_of_image(decoded(boxes, tf.constant(anchors)), tf.sigmoid(scores)))

    for index, name in enumerate(("nothing", "some")):
        one = {key: array[index] for key, array in feeds.items()}
        switch_graph(root, f"detection_switches_{name}", build, one)


# Keras


def save_keras(folder: Path, model: keras.Model, *inputs: np.ndarray, files: bool = False) -> None:
    """Export a model; its outputs are called output_0, output_1, …, as the export calls them."""
    model.export(str(folder / "saved"), verbose=False)
    found = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    found = found if isinstance(found, (list, tuple)) else [found]
    names = [tensor.name for tensor in model.inputs]
    outputs = {f"output_{index}": value.numpy() for index, value in enumerate(found)}
    save_data(folder, dict(zip(names, inputs, strict=True)), outputs)
    if files:
        model.save(folder / "model.keras")
        model.save(folder / "model.h5")


def save_layers(
    root: Path, name: str, layers: list[keras.Layer], inputs: np.ndarray, shape: tuple[int | None, ...] | None = None
) -> None:
    """A model of some layers, one behind the other."""
    keras.utils.set_random_seed(5)
    source = keras.Input(shape or inputs.shape[1:], dtype=str(inputs.dtype), name="x")
    value = source
    for layer in layers:
        value = layer(value)
    save_keras(root / name, keras.Model(source, value), inputs)


@makes("layers")
def recurrent_layers(root: Path) -> None:
    x = random(2, 7, 3)
    save_layers(root, "lstm", [KL.LSTM(5)], x)
    save_layers(root, "lstm_any_length", [KL.LSTM(5, return_sequences=True)], x, (None, 3))
    save_layers(root, "lstm_backwards", [KL.LSTM(5, go_backwards=True, return_sequences=True)], x)
    save_layers(root, "lstm_no_bias", [KL.LSTM(5, use_bias=False, unit_forget_bias=False)], x)
    save_layers(root, "lstm_relu", [KL.LSTM(5, activation="relu")], x)
    save_layers(root, "gru", [KL.GRU(5)], x)
    save_layers(root, "gru_reset_before", [KL.GRU(5, reset_after=False, return_sequences=True)], x)
    save_layers(root, "simple_rnn", [KL.SimpleRNN(4, return_sequences=True)], x)
    both = [KL.Bidirectional(KL.LSTM(5, return_sequences=True)), KL.Bidirectional(KL.GRU(4))]
    save_layers(root, "bidirectional", both, x)
    ids = np.random.default_rng(0).integers(1, 20, (2, 7)).astype(np.int32)
    ids[0, 4:] = 0
    masked = [KL.Embedding(20, 6, mask_zero=True), KL.LSTM(5, return_sequences=True), KL.GRU(4)]
    save_layers(root, "masked", masked, ids)
    masked = [KL.Embedding(20, 6, mask_zero=True), KL.Bidirectional(KL.LSTM(5, return_sequences=True)), KL.GRU(4)]
    save_layers(root, "masked_any_length", masked, ids, (None,))
    save_layers(root, "gru_any_length", [KL.GRU(5, reset_after=False, return_sequences=True)], x, (None, 3))
    save_layers(root, "conv_lstm", [KL.ConvLSTM2D(4, 3, padding="same", return_sequences=True)], random(2, 5, 8, 8, 3))
    keras.utils.set_random_seed(6)
    source = keras.Input((7, 3), name="x")
    sequence, hidden, cell = KL.LSTM(5, return_sequences=True, return_state=True)(source)
    again = KL.LSTM(5)(sequence, initial_state=[hidden, cell])
    save_keras(root / "states", keras.Model(source, [sequence, hidden, cell, again]), x)


@makes("layers")
def layers_of_two_batches(root: Path) -> None:
    """Layers whose states come from another input: once of the same batch, once of one row, which is broadcast."""
    keras.utils.set_random_seed(12)
    words, answer = keras.Input((None, 3), name="words"), keras.Input((None, 4), name="answer")
    encoded, hidden, cell = KL.LSTM(5, return_sequences=True, return_state=True)(words)
    decoded = KL.LSTM(5, return_sequences=True)(answer, initial_state=[hidden, cell])
    attended = KL.Dense(6)(KL.Attention()([decoded, encoded]))
    again = KL.GRU(5)(answer, initial_state=hidden)
    model = keras.Model([words, answer], [attended, again])
    save_keras(root / "encoder_decoder", model, random(2, 7, 3), random(2, 4, 4, seed=1))
    model = keras.Model([words, answer], [decoded, again])
    save_keras(root / "one_state", model, random(1, 7, 3), random(2, 4, 4, seed=1))


@makes("layers")
def stateful_layer(root: Path) -> None:
    keras.utils.set_random_seed(13)
    source = keras.Input((7, 3), batch_size=2, name="x")
    save_keras(root / "stateful", keras.Model(source, KL.LSTM(5, stateful=True)(source)), random(2, 7, 3))


def masks(rows: int, steps: int) -> np.ndarray:
    """Masks with holes; the first rows are wholly false, wholly true, false up to the last step and after the first."""
    mask = np.random.default_rng(8).random((rows, steps)) < 0.6
    mask[0], mask[1], mask[2], mask[3] = False, True, np.arange(steps) == steps - 1, np.arange(steps) == 0
    return mask


def masked_rnn(root: Path, name: str, layer: type[keras.Layer], shape: tuple[int | None, ...], **options: Any) -> None:
    """A layer behind any mask: its last output and states, its outputs, and both from a state that is given."""
    keras.utils.set_random_seed(9)
    x, mask = keras.Input(shape, name="x"), keras.Input(shape[:1], dtype="bool", name="mask")
    last, *states = layer(5, return_state=True, **options)(x, mask=mask)
    sequence = layer(5, return_sequences=True, **options)(x, mask=mask)
    again = layer(5, return_sequences=True, return_state=True, **options)(sequence, mask=mask, initial_state=states)
    model = keras.Model([x, mask], [last, *states, sequence, *again])
    save_keras(root / name, model, random(8, 7, 3), masks(8, 7))


@makes("masks")
def masked_layers(root: Path) -> None:
    for layer in (KL.LSTM, KL.GRU, KL.SimpleRNN):
        name = layer.__name__.lower()
        masked_rnn(root, name, layer, (7, 3))
        masked_rnn(root, f"{name}_any_length", layer, (None, 3), go_backwards=True)
        masked_rnn(root, f"{name}_zeros", layer, (7, 3), zero_output_for_mask=True)
        masked_rnn(root, f"{name}_zeros_backwards", layer, (None, 3), zero_output_for_mask=True, go_backwards=True)
    keras.utils.set_random_seed(10)
    x = random(8, 7, 3) * masks(8, 7)[:, :, np.newaxis]
    both = [KL.Masking(), KL.Bidirectional(KL.LSTM(5, return_sequences=True)), KL.Bidirectional(KL.GRU(4))]
    save_layers(root, "bidirectional", both, x)
    save_layers(root, "bidirectional_any_length", both, x, (None, 3))
    ids = np.random.default_rng(0).integers(1, 20, (8, 7)).astype(np.int32) * masks(8, 7)
    embedding = KL.Embedding(20, 6, mask_zero=True, embeddings_initializer=keras.initializers.RandomNormal(stddev=1))
    embedded = [embedding, KL.SimpleRNN(5, return_sequences=True), KL.LSTM(4)]
    save_layers(root, "embedding", embedded, ids, (None,))


@makes("layers")
def frozen_layers(root: Path) -> None:
    """A masked layer frozen by TensorFlow 2, with its control flow functional and lowered to switches."""
    keras.utils.set_random_seed(5)
    source = keras.Input((None,), dtype="int32")
    value = KL.Bidirectional(KL.GRU(4))(KL.Embedding(20, 6, mask_zero=True)(source))
    model = keras.Model(source, value)
    ids = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]], np.int32)
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec([None, None], tf.int32, name="x")
    )
    for name, lower in (("functional", False), ("switches", True)):
        frozen = convert_variables_to_constants_v2(function, lower_control_flow=lower)
        folder = root / f"frozen_{name}"
        save_data(folder, {"x": ids}, {"Identity": model(ids, training=False).numpy()})
        (folder / "frozen.pb").write_bytes(frozen.graph.as_graph_def().SerializeToString())


@makes("layers")
def joined_cell(root: Path) -> None:
    """The LSTM cell of TensorFlow 1: one kernel for [x, h], gates i, j, f, o, and 1 added to the forget gate."""

    class Cell(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(random(8, 20, seed=1) * np.float32(0.3), name="kernel")
            self.bias = tf.Variable(random(20, seed=2), name="bias")

        @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.float32, name="x")])
        def serve(self, x):
            by_time = tf.transpose(x, [1, 0, 2])
            length, batch = tf.shape(by_time)[0], tf.shape(by_time)[1]
            source = tf.TensorArray(tf.float32, length).unstack(by_time)
            target = tf.TensorArray(tf.float32, length)
            hidden, cell = tf.zeros([batch, 5]), tf.zeros([batch, 5])
            for time in tf.range(length):
                total = tf.matmul(tf.concat([source.read(time), hidden], 1), self.kernel) + self.bias
                i, j, f, o = tf.split(total, 4, 1)
                cell = cell * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
                hidden = tf.tanh(cell) * tf.sigmoid(o)
                target = target.write(time, hidden)
            return {"sequence": target.stack(), "hidden": hidden, "cell": cell}

    save_module(root, "joined_cell", Cell(), {"x": random(2, 6, 3)})


@makes("layers")
def other_layers(root: Path) -> None:
    distributed = [KL.TimeDistributed(KL.Dense(4)), KL.TimeDistributed(KL.Conv1D(3, 2))]
    save_layers(root, "time_distributed", distributed, random(2, 5, 6, 3))
    mel = KL.MelSpectrogram(64, 32, sampling_rate=8000, num_mel_bins=12, max_freq=4000)
    save_layers(root, "mel_spectrogram", [mel], random(2, 400), (None,))
    causal = KL.Conv1D(8, 3, padding="causal", dilation_rate=2)
    save_layers(root, "conv1d", [causal, KL.MaxPool1D(2), KL.GlobalMaxPool1D()], random(2, 16, 3))
    volume = [KL.Conv3D(4, 3, padding="same", strides=2), KL.AveragePooling3D(2)]
    save_layers(root, "conv3d", volume, random(2, 8, 8, 8, 2))
    keras.utils.set_random_seed(7)
    source = keras.Input((6, 8), name="x")
    value = KL.LayerNormalization()(KL.Add()([source, KL.MultiHeadAttention(2, 4)(source, source)]))
    value = KL.LayerNormalization()(KL.Dense(8)(KL.Dense(16, activation="gelu")(value)))
    save_keras(root / "attention", keras.Model(source, value), random(2, 6, 8))
    source = keras.Input((32, 32, 3), name="x")
    fine = KL.Conv2D(8, 3, padding="same", activation="relu")(source)
    coarse = KL.Conv2D(16, 3, strides=2, padding="same")(fine)
    up = KL.Conv2DTranspose(8, 3, strides=2, padding="same")(coarse)
    resized = KL.UpSampling2D(2, interpolation="bilinear")(coarse)
    value = KL.Conv2D(2, 1)(KL.Concatenate()([fine, up, resized]))
    save_keras(root / "unet", keras.Model(source, value), random(2, 32, 32, 3))
    source = keras.Input((8, 8, 3), name="x")
    value = KL.BatchNormalization()(KL.Conv2D(4, 3, activation="relu")(source))
    value = KL.Dropout(0.5)(KL.Flatten()(value))
    value = KL.Dense(3, activation="softmax")(value)
    save_keras(root / "files", keras.Model(source, value), random(2, 8, 8, 3), files=True)


APPLICATIONS = {
    "MobileNetV2": 1, "MobileNetV3Small": 255, "ResNet50V2": 1, "DenseNet121": 1, "InceptionV3": 1,
    "EfficientNetB0": 255, "EfficientNetV2B0": 255, "Xception": 1, "VGG19": 1, "ConvNeXtTiny": 255, "NASNetMobile": 1,
    "MobileNet": 1, "ResNet50": 1,
}  # fmt: skip
"""Networks of keras.applications, with the scale of the images that they take."""


def application(root: Path, name: str) -> None:
    """A network with seeded weights, its normalisation's too, so that no layer is an identity."""
    keras.utils.set_random_seed(7)
    shape = (96, 96, 3)
    model = getattr(keras.applications, name)(weights=None, input_shape=shape, include_top=False, pooling="avg")
    generator = np.random.default_rng(0)
    for weight in model.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        if kind in ("gamma", "moving_variance"):
            weight.assign(generator.uniform(0.5, 1.5, weight.shape))
        elif kind in ("beta", "moving_mean", "bias"):
            weight.assign(generator.normal(0, 0.1, weight.shape))
    images = (generator.random((2, *shape)) * APPLICATIONS[name]).astype(np.float32)
    save_keras(root / name, model, images)


for _name in APPLICATIONS:
    makes(_name)(lambda root, name=_name: application(root, name))


def main() -> None:
    root, *groups = sys.argv[1:]
    for group in groups:
        for make in GROUPS[group]:
            make(Path(root))


if __name__ == "__main__":
    main()
