"""The conventions of TensorFlow, and of Keras on it."""

import os

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # it is read at import
import keras
import tensorflow as tf

VERSION = f"{tf.__version__}, Keras {keras.__version__}"


def _convolved(x: list[float], taps: list[float], padding: str) -> list[float]:
    filters = tf.reshape(tf.constant(taps), (-1, 1, 1))
    found = tf.nn.conv1d(tf.reshape(tf.constant(x), (1, -1, 1)), filters, 1, padding)
    return [float(value) for value in tf.reshape(found, (-1,))]


def kernel_flip() -> str:
    return "no" if _convolved([0.0, 1, 0], [1.0, 2, 3], "SAME") == [3, 2, 1] else "yes"


def odd_zero_of_same() -> str:
    return "after" if _convolved([1.0, 1, 1], [1.0, 1], "SAME") == [2, 2, 1] else "before"


def odd_value_of_a_transpose() -> str:
    taps = tf.reshape(tf.constant([1.0, 2]), (2, 1, 1))
    found = tf.nn.conv1d_transpose(tf.ones((1, 1, 1)), taps, [1, 1, 1], 1, "SAME")
    return {1.0: "after", 2.0: "before"}[float(found[0, 0, 0])]


def size_of_a_valid_transpose() -> str:
    x, tap = tf.ones((1, 2, 1)), tf.ones((1, 1, 1))
    sizes = [
        tf.nn.conv1d_transpose(x, tap, [1, size, 1], 3, "VALID").shape[1] for size in (4, 5, 6)
    ]
    assert sizes == [4, 5, 6]
    layer = keras.layers.Conv1DTranspose(1, 1, strides=3, padding="valid")
    of_keras = {4: "(size - 1) * stride + kernel", 6: "size * stride"}[layer(x).shape[1]]
    return f"as the call says; in Keras {of_keras}"


def kernel_beyond_the_input() -> str:
    try:
        found = _convolved([1.0, 1], [1.0] * 3, "VALID")
    except (tf.errors.InvalidArgumentError, ValueError):
        return "error"
    return "an empty result" if found == [] else "a result"


def nan_in_a_max_pool() -> str:
    x = tf.constant([[[1.0], [float("nan")]]])
    got = tf.nn.max_pool1d(x, 2, 2, "VALID").numpy()
    return "reaches the result" if np.isnan(got).all() else "is dropped"


def gradient_of_a_tie() -> str:
    x = tf.ones((1, 2, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.max_pool1d(x, 2, 2, "VALID")
    found = tuple(tape.gradient(y, x).numpy().ravel())
    return {(1, 0): "to the first", (0, 1): "to the last", (1, 1): "to each, whole"}.get(
        found, "shared"
    )


def padding_in_an_average() -> str:
    got = tf.nn.avg_pool1d(tf.ones((1, 3, 1)), 2, 2, "SAME").numpy()
    return "counts" if got.min() < 1 else "does not count"


def kept_variance() -> str:
    layer = keras.layers.BatchNormalization()
    layer(np.array([[0.0], [2.0]], "float32"), training=True)
    moved = float(layer.moving_variance[0]) - 1
    # Of the values 0 and 2 the variance is 1 where n divides, which leaves the kept one as it is.
    divisor = "n" if abs(moved) < 1e-6 else "n - 1"
    return f"divides by {divisor}; moves by {1 - layer.momentum:.2g}; epsilon {layer.epsilon:g}"


def mean_with_class_weights() -> str:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Activation("linear")])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, labels = np.zeros((2, 2), "float32"), np.zeros(2, "int64")
    weighted = model.test_on_batch(x, labels, sample_weight=np.full(2, 3.0, "float32"))
    plain = model.test_on_batch(x, labels)
    return "by the sum of the weights" if np.isclose(weighted, plain) else "by the number of items"


def all_labels_ignored() -> str:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    found = float(loss(np.zeros(1, "int64"), np.zeros((1, 2), "float32")))
    return "NaN" if np.isnan(found) else f"{found:g}"


def epsilon_of_adam() -> str:
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer = keras.optimizers.Adam(1.0, epsilon=1e-6)
    optimizer.apply([np.full(1, 1e-6, "float32")], [weight])
    found = float(weight.numpy()[0])
    return "added after the correction" if abs(found + 0.5) < 0.01 else "added before it"


def weight_decay_of_sgd() -> str:
    weight = keras.Variable(np.ones(1, "float32"))
    optimizer = keras.optimizers.SGD(0.5, momentum=0.5, weight_decay=0.1)
    for _ in range(2):
        optimizer.apply([np.zeros(1, "float32")], [weight])
    found = float(weight.numpy()[0])
    return "apart from it" if abs(found - 0.95**2) < 1e-6 else "part of the gradient"


def slope_of_leaky_relu() -> str:
    return (
        f"{-float(tf.nn.leaky_relu(-1.0)):g}; "
        f"in Keras {-float(keras.layers.LeakyReLU()(np.array([-1.0], 'float32'))[0]):g}"
    )


def gelu_by_default() -> str:
    exact = float(tf.nn.gelu(tf.constant(1.0)))
    return "erf" if abs(exact - 0.8413447460685429) < 1e-5 else "tanh"


def derivative_of_relu_at_0() -> str:
    x = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.relu(x)
    return f"{float(tape.gradient(y, x)):g}"


def derivative_of_maximum_at_a_tie() -> str:
    x = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.maximum(x, 0.0)
    return f"{float(tape.gradient(y, x)):g}"
