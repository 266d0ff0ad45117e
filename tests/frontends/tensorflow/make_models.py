"""Makes small TensorFlow models with fixed seeds, each with inputs and TensorFlow's own outputs.

Run with an interpreter that has TensorFlow: `make_models.py FOLDER GROUP`. Each model is a folder NAME with its files
and `data.npz`, whose arrays are called `in/NAME` and `out/NAME`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf

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

        def body(time: tf.Tensor, target: tf1.TensorArray, state: tf.Tensor) -> tuple:
            state = state * 0.5 + source.read(time)
            return time + 1, target.write(time, state * 2.0), state

        loop = tf1.while_loop(lambda time, *_: time < steps, body, [0, target, tf.zeros_like(by_time[0])])
        return [loop[1].stack(), loop[2]]

    switch_graph(root, "array_full", build, {"x": random(2, 4, 3), "steps": np.array(4, np.int32)})


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
    save_module(root, "mutating", Mutating(), {"x": random(2)})


def main() -> None:
    root, *groups = sys.argv[1:]
    for group in groups:
        for make in GROUPS[group]:
            make(Path(root))


if __name__ == "__main__":
    main()
