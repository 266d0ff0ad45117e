"""Checks of ``data/control.toml``: control flow, graphs and sessions, gradients, saving."""

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from paddlify.apimap.claims import Claim, check
from paddlify.apimap.comparing import Array
from paddlify.apimap.frameworks import paddle, tf
from paddlify.apimap.grids import random


@contextlib.contextmanager
def static_graph() -> Iterator[tuple[Any, Any]]:
    """A fresh Paddle program in static mode, and an executor for it."""
    paddle.enable_static()
    try:
        program = paddle.static.Program()
        with paddle.static.program_guard(program, paddle.static.Program()):
            yield program, paddle.static.Executor()
    finally:
        paddle.disable_static()


@contextlib.contextmanager
def session() -> Iterator[Any]:
    """A fresh TensorFlow 1 graph, and a session for it."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as opened:
        yield opened


@check("tf.placeholder", "order")
def placeholder(claim: Claim) -> None:
    value = random(4, 3)
    with session() as sess:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3])
        expected = sess.run(x * 2, feed_dict={x: value})

    with static_graph() as (program, executor):
        claim.raises(lambda: paddle.static.data("float32", [None, 3], "x"))
        x = paddle.static.data("x", [None, 3], "float32")
        claim.agree([-1, 3], list(x.shape))
        (found,) = executor.run(program, feed={"x": value}, fetch_list=[x * 2])

    claim.agree(expected, found)


@check("tf.placeholder", "gradient")
def placeholder_gradient(claim: Claim) -> None:
    value = random(4, 3)
    with session() as sess:
        x = tf.compat.v1.placeholder(tf.float32, [None, 3])
        expected = sess.run(tf.gradients(tf.reduce_sum(x * x), x)[0], {x: value})

    with static_graph() as (program, executor):
        x = paddle.static.data("x", [None, 3], "float32")
        claim.holds(x.stop_gradient, "stop_gradient is True")
        claim.agree([None], paddle.static.gradients(paddle.sum(x * x), x))
        x.stop_gradient = False
        (gradient,) = paddle.static.gradients(paddle.sum(x * x), x)
        (found,) = executor.run(program, feed={"x": value}, fetch_list=[gradient])

    claim.agree(expected, found)


@check("tf.placeholder", "usage")
def placeholder_without_shape(claim: Claim) -> None:
    with session() as sess:
        x = tf.compat.v1.placeholder(tf.float32)
        results = [sess.run(x + 1, {x: value}) for value in (random(2), random(2, 3))]
    claim.agree([random(2) + 1, random(2, 3) + 1], results)
    with static_graph() as (program, executor):
        claim.raises(lambda: paddle.static.data("x"), TypeError)
        y = paddle.static.data("y", [None, None], "float32")
        (found,) = executor.run(program, feed={"y": random(2, 3)}, fetch_list=[y + 1])
    claim.agree(results[1], found)


for _switch in ("disable_v2_behavior", "disable_eager_execution"):

    @check(f"tf.{_switch}")
    def graphs(claim: Claim, name: str = _switch) -> None:
        import subprocess
        import sys

        code = (
            "import paddle, tensorflow as tf; print(tf.executing_eagerly(), paddle.in_dynamic_mode());"
            f"tf.compat.v1.{name}(); paddle.enable_static();"
            "print(tf.executing_eagerly(), paddle.in_dynamic_mode())"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        claim.agree("True True False False", " ".join(result.stdout.split()))


@check("tf.case", "edge")
def case(claim: Claim) -> None:
    def branches(constant: Any) -> Any:
        return [(constant(a), lambda v=v: constant(v)) for a, v in ((False, 1.0), (False, 2.0))]

    claim.raises(lambda: tf.case(branches(tf.constant)), tf.errors.InvalidArgumentError)
    claim.agree(tf.constant(2.0), paddle.static.nn.case(branches(paddle.to_tensor)))
    for first in (True, False):
        expected = tf.case([(tf.constant(first), lambda: tf.constant(1.0))], default=lambda: tf.constant(3.0))
        pairs = [(paddle.to_tensor(first), lambda: paddle.to_tensor(1.0))]
        claim.agree(expected, paddle.static.nn.case(pairs, default=lambda: paddle.to_tensor(3.0)))


@check("tf.cond")
def cond(claim: Claim) -> None:
    for value in (1.0, -1.0, 0.0):
        with tf.GradientTape() as tape:
            x = tf.Variable(value)
            expected = tf.cond(x > 0, lambda: x * 2, lambda: x * x * 3)  # noqa: B023
        y = paddle.to_tensor(value, stop_gradient=False)
        found = paddle.static.nn.cond(y > 0, lambda: y * 2, lambda: y * y * 3)  # noqa: B023
        claim.agree(expected, found)
        claim.agree(tape.gradient(expected, x), paddle.grad(found, y)[0])


@check("tf.switch_case")
def switch_case(claim: Claim) -> None:
    for index in (0, 1, 2, 7, -1):
        branches = [lambda v=v: tf.constant(v) for v in (1.0, 2.0, 3.0)]
        ours = [lambda v=v: paddle.to_tensor(v) for v in (1.0, 2.0, 3.0)]
        found = paddle.static.nn.switch_case(paddle.to_tensor([index], "int32"), ours)
        claim.agree(tf.switch_case(tf.constant(index), branches), found)
        found = paddle.static.nn.switch_case(paddle.to_tensor([index], "int32"), ours, lambda: paddle.to_tensor(9.0))
        claim.agree(tf.switch_case(tf.constant(index), branches, lambda: tf.constant(9.0)), found)


@check("tf.while_loop", "usage")
def while_loop(claim: Claim) -> None:
    def halve(i: Any, x: Any) -> list[Any]:
        return [i + 1, x / 2]

    expected = tf.while_loop(lambda i, x: i < 5, halve, [tf.constant(0), tf.constant(64.0)])
    with static_graph() as (program, executor):
        claim.raises(lambda: paddle.static.nn.while_loop(lambda i, x: i < 5, halve, [0, 64.0]))
        loop_vars = [paddle.full([], 0, "int32"), paddle.full([], 64.0)]
        results = paddle.static.nn.while_loop(lambda i, x: i < 5, halve, loop_vars)
        found = executor.run(program, fetch_list=results)
    claim.agree(expected, found)
    limited = tf.while_loop(lambda i, x: i < 5, halve, [tf.constant(0), tf.constant(64.0)], maximum_iterations=2)
    claim.agree(np.int32(2), limited[0])


@check("tf.map_fn")
def map_fn(claim: Claim) -> None:
    x = random(4, 3)
    rows = paddle.to_tensor(x)
    claim.agree(tf.map_fn(lambda row: row * tf.reduce_sum(row), x), paddle.stack([row * row.sum() for row in rows]))


@check("tf.scan")
def scan(claim: Claim) -> None:
    x = random(4, 3)
    expected = tf.scan(lambda a, row: a * 0.5 + row, x)
    state, states = None, []
    for row in paddle.to_tensor(x):
        state = row if state is None else state * 0.5 + row
        states.append(state)
    claim.agree(expected, paddle.stack(states))


@check("tf.TensorArray")
def tensor_array(claim: Claim) -> None:
    array = tf.TensorArray(tf.float32, size=3)
    values: list[Any] = []
    for i in range(3):
        array = array.write(i, tf.ones([2]) * i)
        values.append(paddle.ones([2]) * i)
    claim.agree(array.stack(), paddle.stack(values))


@check("tf.TensorSpec")
def tensor_spec(claim: Claim) -> None:
    for shape, dtype in (([None, 3], "float32"), ([], "int64"), ([2], "bool")):
        spec, ours = tf.TensorSpec(shape, getattr(tf, dtype), "x"), paddle.static.InputSpec(shape, dtype, "x")
        claim.agree([-1 if size is None else size for size in spec.shape], list(ours.shape))
        claim.holds(
            spec.dtype.name == str(ours.dtype).split(".")[-1] and spec.name == ours.name, "dtype and name agree"
        )


@check("tf.print", "usage")
def print_(claim: Claim) -> None:
    claim.holds(
        tf.print("value", tf.constant(1.0), output_stream="file:///dev/null") is None, "TensorFlow returns nothing"
    )
    with static_graph() as (program, executor):
        claim.raises(lambda: paddle.static.Print("value", paddle.ones([1])))
        shown = paddle.static.Print(paddle.ones([2]), message="value")
        (found,) = executor.run(program, fetch_list=[shown + 1])
    claim.agree(np.full(2, 2.0, "float32"), found)


@check("tf.numpy_function", "usage")
def numpy_function(claim: Claim) -> None:
    x = random(2, 3)
    expected = tf.numpy_function(np.sinh, [x], tf.float32)
    claim.agree(expected, paddle.to_tensor(np.sinh(paddle.to_tensor(x).numpy())))
    claim.raises(lambda: paddle.static.py_func(np.sinh, [paddle.to_tensor(x)], "float32"))


@check("tf.GradientTape", "usage")
def gradient_tape(claim: Claim) -> None:
    x = random(3)
    with tf.GradientTape(persistent=True) as tape:
        v = tf.Variable(x)
        y, z = tf.reduce_sum(v**3), tf.reduce_sum(tf.sin(v))
    expected = [tape.gradient(y, v), tape.gradient(z, v)]
    leaf = paddle.to_tensor(x)
    claim.raises(lambda: paddle.grad((leaf**3).sum(), leaf))
    leaf.stop_gradient = False
    y, z = (leaf**3).sum(), paddle.sin(leaf).sum()
    claim.agree(expected, [paddle.grad(y, leaf, retain_graph=True)[0], paddle.grad(z, leaf)[0]])


@check("tf.GradientTape", "edge")
def gradient_unused(claim: Claim) -> None:
    with tf.GradientTape() as tape:
        v, unused = tf.Variable(1.0), tf.Variable(2.0)
        y = v * 3.0
    claim.holds(tape.gradient(y, unused) is None, "TensorFlow gives None")
    leaf, other = paddle.to_tensor(1.0, stop_gradient=False), paddle.to_tensor(2.0, stop_gradient=False)
    claim.raises(lambda: paddle.grad(leaf * 3.0, other))
    claim.holds(paddle.grad(leaf * 3.0, other, allow_unused=True)[0] is None, "allow_unused gives None")


@check("tf.gradients", "gradient")
def gradients(claim: Claim) -> None:
    value = random(4)
    with session() as sess:
        x = tf.compat.v1.placeholder(tf.float32, [4])
        expected = sess.run(tf.gradients(x**3, x, grad_ys=[x])[0], {x: value})
    with static_graph() as (program, executor):
        x = paddle.static.data("x", [4], "float32")
        claim.agree([None], paddle.static.gradients(x**3, x))
        x.stop_gradient = False
        (gradient,) = paddle.static.gradients(x**3, x, [x])
        (found,) = executor.run(program, feed={"x": value}, fetch_list=[gradient])
    claim.agree(expected, found)


@check("tf.custom_gradient", "usage")
def custom_gradient(claim: Claim) -> None:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def clipped(x: Any) -> Any:
        return x * 5.0, lambda upstream: tf.clip_by_value(upstream, -0.1, 0.1)

    class Clipped(paddle.autograd.PyLayer):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 5.0

        @staticmethod
        def backward(ctx: Any, upstream: Any) -> Any:
            return paddle.clip(upstream, -0.1, 0.1)

    with tf.GradientTape() as tape:
        v = tf.Variable(random(3))
        expected = clipped(v)
    leaf = paddle.to_tensor(random(3), stop_gradient=False)
    claim.holds(not paddle.is_tensor(Clipped()), "a class in Paddle")
    found = Clipped.apply(leaf)
    claim.agree([expected, tape.gradient(expected, v)], [found, paddle.grad(found, leaf)[0]])


@check("tf.function", "usage")
def function(claim: Claim) -> None:
    def norm(x: Any) -> Any:
        return (x * x) * 0.5

    expected = tf.function(norm, input_signature=[tf.TensorSpec([None, 3])])
    spec = paddle.static.InputSpec([None, 3])
    ignored = paddle.jit.to_static(norm, full_graph=True, input_signature=[spec])
    claim.holds(ignored.function_spec._input_spec is None, "Paddle ignores input_signature")
    ours = paddle.jit.to_static(norm, input_spec=[paddle.static.InputSpec([None, 3])])
    for rows in (1, 4):
        claim.agree(expected(random(rows, 3)), ours(paddle.to_tensor(random(rows, 3))))


@check("tf.Module", "usage")
def module(claim: Claim) -> None:
    class Keras(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.w = tf.Variable([1.0, 2.0])

        def __call__(self, x: Any) -> Any:
            return x * self.w

    class Ours(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            start = paddle.nn.initializer.Assign(np.array([1.0, 2.0], "float32"))
            self.w = self.create_parameter([2], default_initializer=start)

        def forward(self, x: Any) -> Any:
            return x * self.w

    theirs, ours = Keras(), Ours()
    claim.raises(lambda: ours.trainable_variables, AttributeError)
    claim.agree(theirs(random(3, 2)), ours(paddle.to_tensor(random(3, 2))))
    claim.agree(list(theirs.trainable_variables), list(ours.parameters()))


@check("tf.Session", "usage")
def session_run(claim: Claim) -> None:
    value = random(3)
    with session() as sess:
        x = tf.compat.v1.placeholder(tf.float32, [3])
        expected = sess.run(x + 1, feed_dict={x: value})
    with static_graph() as (program, executor):
        x = paddle.static.data("x", [3], "float32")
        y = x + 1
        claim.raises(lambda: executor.run(y, feed_dict={x: value}))
        found = executor.run(program, feed={"x": value}, fetch_list=[y])
    claim.holds(isinstance(found, list), "Paddle returns a list")
    claim.agree(expected, found[0])


@check("tf.Session", "state")
def session_runs_what_is_needed(claim: Claim) -> None:
    with session() as sess:
        w = tf.compat.v1.get_variable("w", initializer=1.0)
        step = tf.compat.v1.train.GradientDescentOptimizer(0.1).minimize(w * w)
        sess.run(tf.compat.v1.global_variables_initializer())
        sess.run(step)
        expected = [sess.run(w), sess.run(w)]

    with static_graph() as (program, executor):
        w = paddle.create_parameter([], "float32", default_initializer=paddle.nn.initializer.Constant(1.0))
        value = w * 1.0
        paddle.optimizer.SGD(0.1).minimize(w * w)
        executor.run(paddle.static.default_startup_program())
        executor.run(program)
        evaluation = paddle.static.normalize_program(program, [], [value])
        found = [executor.run(evaluation, fetch_list=[value])[0] for _ in range(2)]
        trained = [executor.run(program, fetch_list=[value])[0] for _ in range(2)]

    claim.agree(expected, found)
    claim.differ(expected, trained)


@check("tf.global_variables_initializer", "usage")
def global_variables_initializer(claim: Claim) -> None:
    with session() as sess:
        w = tf.compat.v1.get_variable("w", initializer=tf.ones([2]))
        claim.raises(lambda: sess.run(w), tf.errors.FailedPreconditionError)
        sess.run(tf.compat.v1.global_variables_initializer())
        expected = sess.run(w)
    with static_graph() as (program, executor):
        w = paddle.create_parameter([2], "float32", default_initializer=paddle.nn.initializer.Constant(1.0))
        executor.run(paddle.static.default_startup_program())
        (found,) = executor.run(program, fetch_list=[w * 1.0])
    claim.agree(expected, found)


@check("tf.get_variable", "state")
def get_variable(claim: Claim) -> None:
    v1 = tf.compat.v1
    with session() as sess:
        with v1.variable_scope("layer"):
            w = v1.get_variable("w", [2, 3], initializer=tf.ones_initializer())
        with v1.variable_scope("layer", reuse=True):
            claim.holds(v1.get_variable("w") is w, "TensorFlow reuses by name")
        sess.run(v1.global_variables_initializer())
        expected = sess.run(w)
    claim.raises(lambda: paddle.create_parameter(name="w"), TypeError)
    ours = paddle.create_parameter([2, 3], "float32", default_initializer=paddle.nn.initializer.Constant(1.0))
    claim.agree(expected, ours)


@check("tf.name_scope", "usage")
def name_scope(claim: Claim) -> None:
    with session(), tf.name_scope("block"):
        claim.agree("block/x:0", tf.constant(1.0, name="x").name)
    with static_graph(), paddle.static.name_scope("block"):
        claim.raises(lambda: (paddle.ones([1]) + 1).name, ValueError)
        claim.agree("x", paddle.static.data("x", [1]).name)


@check("tf.device", "state")
def device(claim: Claim) -> None:
    with tf.device("/CPU:0"):
        claim.holds("CPU:0" in tf.constant(1.0).device, "a context in TensorFlow")
    before = paddle.get_device()
    claim.holds(not hasattr(paddle.set_device("cpu"), "__enter__"), "a setting in Paddle")
    claim.agree("cpu", paddle.get_device())
    paddle.set_device(before)


@check("tf.train.Saver", "usage")
def saver(claim: Claim) -> None:
    value = random(2, 3)
    with tempfile.TemporaryDirectory() as folder:
        with session() as sess:
            w = tf.compat.v1.get_variable("w", initializer=value)
            saver = tf.compat.v1.train.Saver()
            sess.run(tf.compat.v1.global_variables_initializer())
            path = saver.save(sess, f"{folder}/model")
            sess.run(w.assign(value * 0))
            saver.restore(sess, path)
            expected = sess.run(w)
        linear = paddle.nn.Linear(2, 3)
        linear.weight.set_value(value)
        claim.raises(lambda: paddle.save(linear.state_dict()), TypeError)
        paddle.save(linear.state_dict(), f"{folder}/model.pdparams")
        linear.weight.set_value(value * 0)
        linear.set_state_dict(paddle.load(f"{folder}/model.pdparams"))
    claim.agree(expected, linear.weight)


@check("tf.train.Checkpoint", "usage")
def checkpoint(claim: Claim) -> None:
    value = random(2)
    with tempfile.TemporaryDirectory() as folder:
        w = tf.Variable(value)
        path = tf.train.Checkpoint(w=w).save(f"{folder}/object")
        w.assign(value * 0)
        tf.train.Checkpoint(w=w).restore(path)
        claim.raises(lambda: paddle.save(w=paddle.to_tensor(value)), TypeError)
        paddle.save({"w": paddle.to_tensor(value)}, f"{folder}/object.pdparams")
        claim.agree(w, paddle.load(f"{folder}/object.pdparams")["w"])


@check("tf.saved_model.save", "usage")
def saved_model_save(claim: Claim) -> None:
    x = random(2, 3)
    layer = paddle.nn.Linear(3, 2)
    layer.eval()
    with tempfile.TemporaryDirectory() as folder:
        claim.raises(lambda: paddle.jit.save(layer, f"{folder}/model"))
        spec = [paddle.static.InputSpec([None, 3], "float32")]
        paddle.jit.save(layer, f"{folder}/model", input_spec=spec)
        claim.agree(layer(paddle.to_tensor(x)), paddle.jit.load(f"{folder}/model")(paddle.to_tensor(x)))


@check("tf.saved_model.load", "usage")
def saved_model_load(claim: Claim) -> None:
    class Double(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            return x * 2

    class Doubled(paddle.nn.Layer):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x * 2

    x = random(3)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(Double(), f"{folder}/tf")
        loaded = tf.saved_model.load(f"{folder}/tf")
        claim.raises(lambda: paddle.jit.load(f"{folder}/tf"))
        spec = [paddle.static.InputSpec([None], "float32")]
        paddle.jit.save(Doubled(), f"{folder}/paddle", input_spec=spec)
        claim.agree(loaded(x), paddle.jit.load(f"{folder}/paddle")(paddle.to_tensor(x)))


@check("tf.distribute.MirroredStrategy", "usage")
def mirrored_strategy(claim: Claim) -> None:
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    claim.holds(hasattr(strategy, "scope"), "a scope in TensorFlow")
    claim.holds(not hasattr(paddle.DataParallel, "scope"), "a wrapped layer in Paddle")
    x, layer = random(2, 3), paddle.nn.Linear(3, 1)
    claim.agree(layer(paddle.to_tensor(x)), paddle.DataParallel(layer)(paddle.to_tensor(x)))


@check("tf.keras.mixed_precision.LossScaleOptimizer", "usage")
def loss_scale_optimizer(claim: Claim) -> None:
    start, gradient = random(3), random(3, seed=1)
    w = tf.Variable(start)
    optimizer = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(0.1))
    optimizer.apply_gradients([(tf.constant(gradient) * 32768.0, w)])

    p = paddle.create_parameter([3], "float32", default_initializer=paddle.nn.initializer.Assign(start))
    claim.raises(
        lambda: paddle.amp.GradScaler(paddle.optimizer.SGD(0.1, parameters=[p])).apply_gradients([]), AttributeError
    )
    optimizer, scaler = paddle.optimizer.SGD(0.1, parameters=[p]), paddle.amp.GradScaler(enable=False)
    scaler.scale((p * paddle.to_tensor(gradient)).sum()).backward()
    scaler.step(optimizer)
    scaler.update()

    claim.agree(w, p)


@check("tf.keras.mixed_precision.set_global_policy", "state")
def set_global_policy(claim: Claim) -> None:
    x = random(2, 3)
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        expected = tf.keras.layers.Dense(2)(x)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    layer = paddle.nn.Linear(3, 2)
    with paddle.amp.auto_cast(dtype="bfloat16"):
        inside = layer(paddle.to_tensor(x))
    outside: Array = layer(paddle.to_tensor(x))
    claim.holds(expected.dtype.name == "bfloat16", "Keras computes in bfloat16")
    claim.holds(inside.dtype == paddle.float32, "Paddle's context has no effect on a CPU")
    claim.agree(outside, inside)
