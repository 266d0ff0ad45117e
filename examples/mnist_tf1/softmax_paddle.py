"""Softmax regression on pictures of digits, in the style of TensorFlow 1."""

# ruff: noqa: I001
import json

import paddle
import contextlib
import numpy

import digits

paddle.enable_static()

(train_images, train_labels), (test_images, test_labels) = digits.load()

x = paddle.static.data("x", [None, 784], "float32")

# the model
W = paddle.create_parameter([784, 10], "float32", default_initializer=paddle.nn.initializer.Constant(0.0))
b = paddle.create_parameter([10], "float32", default_initializer=paddle.nn.initializer.Constant(0.0))
y = paddle.nn.functional.softmax(paddle.matmul(x, W) + b)

# the loss
y_ = paddle.static.data("y_", [None, 10], "float32")
cross_entropy = paddle.sum(paddle.nn.functional.softmax_with_cross_entropy(y, y_, soft_label=True).squeeze(-1))

train_step = paddle.optimizer.SGD(0.01).minimize(cross_entropy)
correct_prediction = paddle.equal(paddle.argmax(y, axis=1), paddle.argmax(y_, axis=1))
accuracy = paddle.mean(paddle.cast(correct_prediction, "float"))

init = paddle.static.default_startup_program()

with contextlib.nullcontext(paddle.static.Executor()) as sess:
    sess.run(init)
    losses = []
    for i in range(999):
        start = 100 * i % len(train_images)
        batch_xs, batch_ys = train_images[start : start + 100], train_labels[start : start + 100]
        _, loss = [None, *sess.run(
            feed={"x": numpy.asarray(batch_xs, "float32"), "y_": numpy.asarray(batch_ys, "float32")},
            fetch_list=[cross_entropy],
        )]
        losses.append(float(loss))
    score = sess.run(
        paddle.static.normalize_program(paddle.static.default_main_program(), [x, y_], [accuracy]),
        feed={"x": numpy.asarray(test_images, "float32"), "y_": numpy.asarray(test_labels, "float32")},
        fetch_list=[accuracy],
    )[0]
    print(json.dumps({"losses": losses, "accuracy": float(score)}))
