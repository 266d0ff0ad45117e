"""Softmax regression on pictures of digits, in the style of TensorFlow 1."""

# ruff: noqa: I001
import json

import tensorflow.compat.v1 as tf

import digits

tf.disable_v2_behavior()

(train_images, train_labels), (test_images, test_labels) = digits.load()

x = tf.placeholder(tf.float32, [None, 784])

# the model
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
y = tf.nn.softmax(tf.matmul(x, W) + b)

# the loss
y_ = tf.placeholder("float", [None, 10])
cross_entropy = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(logits=y, labels=y_))

train_step = tf.train.GradientDescentOptimizer(0.01).minimize(cross_entropy)
correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, "float"))

init = tf.global_variables_initializer()

with tf.Session() as sess:
    sess.run(init)
    losses = []
    for i in range(999):
        start = 100 * i % len(train_images)
        batch_xs, batch_ys = train_images[start : start + 100], train_labels[start : start + 100]
        _, loss = sess.run([train_step, cross_entropy], feed_dict={x: batch_xs, y_: batch_ys})
        losses.append(float(loss))
    score = sess.run(accuracy, feed_dict={x: test_images, y_: test_labels})
    print(json.dumps({"losses": losses, "accuracy": float(score)}))
