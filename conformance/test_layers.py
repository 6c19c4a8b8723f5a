"""Layers: pooling, activations, dense, batch normalisation and dropout."""

import numpy as np
from hypothesis import strategies as st

from adapters import Unsupported
from adapters.operations import GRADIENTS_OF
from conformance.calls import Call
from conformance.clauses import clause
from conformance.data import Rng
from conformance.judge import Disagreement, Evidence, Reading
from conformance.layer_checks import (
    check_dropped,
    check_form,
    check_laid_out,
    check_limits,
    check_nan,
    check_share,
    check_ties,
    values,
)
from conformance.layer_requests import (
    LAYERS,
    batch_norm,
    drawn,
    dropout,
    equal_windows,
    of_kind,
    pool,
)
from conformance.makers import maker, requests
from conformance.requests import Request
from conformance.strategies import some_kinds
from conformance.subject import Subject
from reference.activations import ACTIVATIONS
from reference.formats import FORMATS
from reference.geometry import Array, Sizes

NORMALISATION = "Ioffe and Szegedy, Batch Normalization (2015), algorithm 1"
DROPOUT = "Srivastava et al., Dropout (2014), in the inverted form that all frameworks have"
ROUNDING = "Higham (2002), Accuracy and Stability of Numerical Algorithms, chapter 3"
POOLING = "Dumoulin and Visin, A guide to convolution arithmetic (2016), chapter 3"
MAPS = (*LAYERS[:-1], "transposed_cross_correlate")
_LIMITS = {
    "relu": (np.inf, 0.0),
    "leaky_relu": (np.inf, -np.inf),
    "sigmoid": (1.0, 0.0),
    "tanh": (1.0, -1.0),
}


def offered(subject: Subject, data: st.DataObject, operations: tuple[str, ...]) -> str:
    """One of the operations that the backend offers."""
    own = [name for name in operations if subject.adapter.offers(name) != "not offered"]
    if not own:
        raise Unsupported(f"{', '.join(operations)}: not offered")
    return data.draw(st.sampled_from(own))


def either(subject: Subject, data: st.DataObject, operations: tuple[str, ...]) -> Request:
    """A request of one of the operations that the backend offers."""
    return data.draw(requests(subject, offered(subject, data, operations)))


def check_values(subject: Subject, data: st.DataObject, request: Request) -> None:
    """On integers, and on real numbers of some kinds."""
    subject.check_request(request)
    for kind in some_kinds(request.seed):
        subject.check_request(of_kind(request, kind), f"{kind} values")


def in_full(request: Request) -> Request:
    """The layer of whose gradients the request is."""
    arrays = {name: array for name, array in request.arrays.items() if name != "gradient"}
    return request.but(operation=request.operation.removeprefix(GRADIENTS_OF), arrays=arrays)


@clause(
    "LAYER-1",
    "Every result and every gradient has the dtype of the input, and its shape is the one that "
    "kernel, stride, padding and dilation say.",
    source=POOLING,
)
def test_shapes_and_dtypes(subject: Subject, data: st.DataObject) -> None:
    for _ in range(2):
        request = either(subject, data, LAYERS)
        check_form(subject, request)
        gradients = GRADIENTS_OF + request.operation
        if subject.adapter.offers(gradients) != "not offered":
            check_form(subject, data.draw(requests(subject, gradients)))


@clause(
    "LAYER-2",
    "A max pool takes the largest value of every window, without any rounding.",
    source=POOLING,
)
def test_max_pool(subject: Subject, data: st.DataObject) -> None:
    check_values(subject, data, data.draw(requests(subject, "max_pool")))


@clause(
    "LAYER-3",
    "Padding never wins a max pool: where all values are negative, so are all results.",
    source="The definition of a maximum",
)
def test_padding_never_wins(subject: Subject, data: st.DataObject) -> None:
    padded = ("symmetric", "asymmetric", "named", "ceil", "free")
    make = pool("max_pool", styles=padded, fill=lambda rng, shape: -rng.integers(1, 99, shape))
    subject.check_request(data.draw(drawn(subject, make)))


@clause(
    "LAYER-4",
    "With ceil_mode a pool keeps a last window that overhangs, if it starts inside the input or "
    "the padding before it; what overhangs is no value of it.",
    source="The documentation of torch.nn.MaxPool2d and AvgPool2d",
)
def test_ceil_mode(subject: Subject, data: st.DataObject) -> None:
    operation = offered(subject, data, ("max_pool", "average_pool"))
    for backward in (False, True):
        if not backward or subject.adapter.offers(GRADIENTS_OF + operation) != "not offered":
            make = pool(operation, backward=backward, styles=("ceil",))
            subject.check_request(data.draw(drawn(subject, make)))


@clause(
    "LAYER-5",
    "The gradient of a max pool goes to the value that won each window, and adds up where one "
    "value won several.",
    source="The chain rule",
)
def test_max_pool_gradient(subject: Subject, data: st.DataObject) -> None:
    check_values(subject, data, data.draw(requests(subject, GRADIENTS_OF + "max_pool")))


@clause(
    "LAYER-6",
    "Where several values of a window are the largest, its gradient goes to some of them, and "
    "none of it is lost or doubled.",
    source="The subgradients of a maximum, which are the means of the gradients at its values",
)
def test_ties(subject: Subject, data: st.DataObject) -> None:
    make = pool("max_pool", backward=True, fill=lambda rng, shape: rng.integers(0, 3, shape))
    check_ties(subject, data.draw(drawn(subject, make)).but(data="ties"))


@clause(
    "LAYER-7",
    "An average pool takes the mean of every window, within the rounding error of any direct "
    "algorithm; on integers exactly, where a power of two divides.",
    source=POOLING,
)
def test_average_pool(subject: Subject, data: st.DataObject) -> None:
    check_values(subject, data, data.draw(requests(subject, "average_pool")))


@clause(
    "LAYER-8",
    "Zeros of the padding count as values of an average pool, or are left out: as "
    "count_include_pad, or the padding's name, says.",
    source="The documentation of torch.nn.AvgPool2d",
)
def test_count_include_pad(subject: Subject, data: st.DataObject) -> None:
    make = pool("average_pool", styles=("symmetric", "asymmetric", "named"))
    subject.check_request(data.draw(drawn(subject, make)))


@clause(
    "LAYER-9",
    "The gradient of an average pool shares each value evenly among those that its window counts.",
    source="The chain rule",
)
def test_average_pool_gradient(subject: Subject, data: st.DataObject) -> None:
    check_values(subject, data, data.draw(requests(subject, GRADIENTS_OF + "average_pool")))


@clause(
    "LAYER-10",
    "Each activation, and its gradient, is the function of that name within the rounding errors "
    "of its formula, with exp, tanh and erf within 2 ulp.",
    source=ROUNDING,
)
def test_activations(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(requests(subject, GRADIENTS_OF + "activation"))
    check_values(subject, data, in_full(request))
    if subject.adapter.offers(request.operation) != "not offered":
        check_values(subject, data, request)


@clause(
    "LAYER-11",
    "At 0 relu has the derivative 0; large values, and infinite ones where the function has a "
    "limit, give that limit, and no NaN.",
    source="The definition of a limit, and what all frameworks do",
)
def test_corners(subject: Subject, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(tuple(ACTIVATIONS)))
    far = data.draw(st.sampled_from((1e2, 1e3, 1e4)))
    # Gradients of gelu_tanh hold the square, which must be a number.
    near = min(far, FORMATS[subject.dtype].largest ** 0.5 / 4)
    for backward, reach in ((False, far), (True, near)):
        x = np.array([[0.0, reach, -reach, 1.0, -1.0]], subject.numpy_dtype)
        arrays = {"x": x} | ({"gradient": np.ones_like(x)} if backward else {})
        name = GRADIENTS_OF + "activation" if backward else "activation"
        if not backward or subject.adapter.offers(name) != "not offered":
            subject.check_request(Request(name, arrays, {"kind": kind}, data="extremes"))
    if kind in _LIMITS:
        check_limits(subject, kind, _LIMITS[kind])


@clause(
    "LAYER-12",
    "A dense layer is, on integers exactly, the inner product of all inputs with the weights of "
    "each output; its gradients are inner products, too.",
    source="Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.5.6",
)
def test_dense(subject: Subject, data: st.DataObject) -> None:
    for operation in ("dense", GRADIENTS_OF + "dense"):
        check_values(subject, data, data.draw(requests(subject, operation)))


@clause(
    "LAYER-13",
    "A dense layer is the cross-correlation whose filters cover the whole input.",
    source="Long, Shelhamer, Darrell, Fully Convolutional Networks (2015), section 3.1",
)
def test_dense_covers_the_input(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(requests(subject, "dense"))
    got = values(subject.perform(request), "result")
    axes = data.draw(st.sampled_from(subject.capabilities.spatial_axes))
    x, weights = (
        request.arrays[name].reshape(len(request.arrays[name]), 1, *(1,) * (axes - 1), -1)
        for name in ("x", "weights")
    )
    ones = (1,) * axes
    call = Call(x, weights, request.arrays.get("bias"), ones, ((0, 0),) * axes, ones, 1)
    right = Reading(subject.result(call).astype("float64").reshape(-1), np.zeros(()))
    subject.agree(Reading(got.reshape(-1), np.zeros(())), right, request, "as a dense layer")


@clause(
    "LAYER-14",
    "In training batch normalisation uses mean and variance of the batch, channel by channel, the "
    "variance divided by the number of values; and sums no squares of values far from 0.",
    source=NORMALISATION,
)
def test_batch_norm(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, batch_norm(training=True)))
    check_values(subject, data, request)
    far = request.arrays["x"].astype("float64") + 2.0 ** (request.format.precision // 2)
    x = far.astype(subject.numpy_dtype)
    subject.check_request(request.with_arrays(x=x).but(data="far from 0"), "far from 0")


@clause(
    "LAYER-15",
    "What batch normalisation keeps moves by the momentum towards mean and variance of each batch, "
    "over several batches; in inference it is used, and stays.",
    source="Ioffe and Szegedy (2015), section 3.1",
)
def test_kept_statistics(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, batch_norm(training=True)))
    for number in range(3):
        x = of_kind(request.but(seed=(request.seed or 0) + number), "positive").arrays["x"]
        request = request.with_arrays(x=x).but(data="positive")
        got = subject.check_request(request, f"update {number + 1}")
        request = request.with_arrays(mean=got["mean"], variance=got["variance"])
    later = request.but(parameters={**request.parameters, "training": False})
    subject.check_request(later, "in inference")


@clause(
    "LAYER-16",
    "In inference batch normalisation uses what was kept, and one item comes out the same alone "
    "as in its batch.",
    source="Ioffe and Szegedy (2015), section 3.1",
)
def test_inference(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, batch_norm(training=False)))
    check_values(subject, data, request)
    subject.check_request(request.with_arrays(x=request.arrays["x"][:1]), "one item")


@clause(
    "LAYER-17",
    "The gradients of batch normalisation take into account, in training, that mean and variance "
    "depend on every value of the batch.",
    source="Ioffe and Szegedy (2015), section 3",
)
def test_batch_norm_gradients(subject: Subject, data: st.DataObject) -> None:
    check_values(subject, data, data.draw(requests(subject, GRADIENTS_OF + "batch_norm")))


@clause(
    "LAYER-18",
    "Epsilon is added to the variance, under the root: channels without variance come out as the "
    "shift, and faint ones as epsilon says.",
    source=NORMALISATION,
)
def test_faint_channels(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, batch_norm(training=True)))
    x = request.arrays["x"].astype("float64")
    constant = np.zeros_like(x) + request.arrays["shift"].reshape(-1, *(1,) * (x.ndim - 2))
    faint = 2.0 ** np.floor(np.log2(request.parameters["epsilon"]) / 2 - 3)
    for name, weak in (("constant", constant), ("faint", faint * x)):
        changed = request.with_arrays(x=weak.astype(subject.numpy_dtype))
        subject.check_request(changed.but(data=name), f"{name} channels")


@clause(
    "LAYER-19",
    "In training dropout sets each value to 0, with the probability of its rate, or else divides "
    "it by the share that is kept; which ones differs from channel to channel.",
    source=DROPOUT,
)
def test_dropout(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, dropout(training=True)))
    check_share(request, check_dropped(request, values(subject.perform(request), "result")))


@clause(
    "LAYER-20",
    "Equal seeds drop the same values, different seeds others; in inference dropout changes "
    "nothing.",
    source=DROPOUT,
)
def test_seeds(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, dropout(training=True)))
    seed = request.parameters["seed"]
    other = request.but(parameters={**request.parameters, "seed": seed + 1})
    first, second, again = (
        check_dropped(asked, values(subject.perform(asked), "result"))
        for asked in (request, other, request)
    )
    if not np.array_equal(first, again):
        raise Disagreement("equal seeds drop different values", Evidence(request, got=again))
    if np.array_equal(first, second):
        message = "different seeds drop the same values"
        raise Disagreement(message, Evidence(other, got=second, unlike=request))
    later = {**request.parameters, "training": False}
    subject.check_request(request.but(parameters=later), "in inference")


@clause(
    "LAYER-21",
    "The gradient of dropout is dropout of the gradient, with the same values kept; in inference "
    "it is the gradient.",
    source="The chain rule",
)
def test_dropout_gradient(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(requests(subject, GRADIENTS_OF + "dropout"))
    if not request.parameters["training"]:
        subject.check_request(request)
        return
    got = values(subject.perform(request), "x")
    forward = values(subject.perform(in_full(request)), "result")
    if not np.array_equal(check_dropped(request, got), check_dropped(in_full(request), forward)):
        raise Disagreement("the gradient keeps other values", Evidence(request, forward, got))


@clause(
    "LAYER-22",
    "A NaN reaches what depends on it, and nothing else: the means of its windows, its own "
    "activation, the outputs of its item.",
    source="IEEE 754-2019, section 6.2",
)
def test_nan(subject: Subject, data: st.DataObject) -> None:
    for _ in range(2):
        request = either(subject, data, ("max_pool", "average_pool", "activation", "dense"))
        x = request.arrays["x"].astype("float64")
        x[tuple(data.draw(st.integers(0, n - 1)) for n in x.shape)] = np.nan
        check_nan(subject, request.with_arrays(x=x.astype(subject.numpy_dtype)).but(data="nan"))


@clause(
    "LAYER-23",
    "A layer hangs on nothing but its arguments: neither on earlier calls nor on the layout in "
    "memory; and it changes no argument.",
    source="The definition of a function",
)
def test_layers_remember_nothing(subject: Subject, data: st.DataObject) -> None:
    request = either(subject, data, (*LAYERS, *(GRADIENTS_OF + name for name in LAYERS)))
    other = of_kind(request, "uniform")
    for number, asked in enumerate((request, other) * 2):
        check_laid_out(subject, asked, number)


@clause(
    "LAYER-24",
    "A max pool of nothing but minus infinity is minus infinity: no finite number stands for the "
    "padding, or for a maximum to begin with.",
    source="IEEE 754-2019, section 9.6: minus infinity is below every finite number",
)
def test_max_pool_of_minus_infinity(subject: Subject, data: st.DataObject) -> None:
    request = data.draw(drawn(subject, pool("max_pool", fill=mostly_minus_infinity)))
    subject.check_request(request.but(data="minus infinity"))


def mostly_minus_infinity(rng: Rng, shape: Sizes) -> Array:
    return np.where(rng.random(shape) < 0.9, -np.inf, rng.integers(-99, 99, shape))


@clause(
    "LAYER-25",
    "An empty batch goes through every layer, and comes out empty, in the shape that the other "
    "sizes say; its gradients by the parameters are zeros.",
    source="The definitions, for N = 0",
)
def test_empty_batches(subject: Subject, data: st.DataObject) -> None:
    operation = offered(subject, data, (*MAPS, *(GRADIENTS_OF + name for name in MAPS)))
    make = maker(operation)
    if operation.endswith("batch_norm"):  # in training, no values have no mean
        make = batch_norm(training=False, backward=operation.startswith(GRADIENTS_OF))
    request = data.draw(drawn(subject, make))
    items = {name: request.arrays[name][:0] for name in ("x", "gradient") if name in request.arrays}
    request = request.with_arrays(**items)
    check_form(subject, request)
    subject.check_request(request)


@clause(
    "LAYER-26",
    "Where all values of a window are minus infinity, the gradient of a max pool goes to some of "
    "them, and to nothing outside.",
    source="The subgradients of a maximum, which are the means of the gradients at its values",
)
def test_gradient_of_minus_infinity(subject: Subject, data: st.DataObject) -> None:
    make = pool("max_pool", backward=True, fill=mostly_minus_infinity)
    check_ties(subject, data.draw(drawn(subject, make)).but(data="minus infinity"))


@clause(
    "LAYER-27",
    "A pool whose window is larger than the padded input, or whose stride is 0, is refused with an "
    "error, and the next one is right.",
    source="The formula of the size, as that of GEOM-1, gives no positive one",
)
def test_impossible_pools_are_refused(subject: Subject, data: st.DataObject) -> None:
    operation = offered(subject, data, ("max_pool", "average_pool"))
    make = pool(operation, styles=("plain", "symmetric", "asymmetric", "dilated"))
    request = data.draw(drawn(subject, make))
    axes = len(request.parameters["kernel"])
    at = data.draw(st.integers(0, axes - 1), label="axis")
    wrong = {
        "kernel": too_large(request, at) + data.draw(st.sampled_from((0, 1, 3))),
        "stride": 0,
    }
    name = data.draw(st.sampled_from(sorted(wrong)))
    numbers = list(request.parameters[name])
    numbers[at] = wrong[name]
    impossible = {**request.parameters, name: tuple(numbers)}
    subject.survive(request.but(parameters=impossible), request)


def too_large(request: Request, axis: int) -> int:
    """The smallest kernel that the padded input does not hold."""
    padded = request.arrays["x"].shape[2 + axis] + sum(request.parameters["padding"][axis])
    dilation: int = request.parameters.get("dilation", (1,) * (axis + 1))[axis]
    return int(padded - 1) // dilation + 2


@clause(
    "LAYER-28",
    "What a max pool, or a relu, makes of a NaN, it makes of it everywhere: in each item and "
    "channel, and at each place.",
    source="The definition of a function",
)
def test_nan_everywhere_alike(subject: Subject, data: st.DataObject) -> None:
    operation = offered(subject, data, ("max_pool", "activation"))
    request = data.draw(drawn(subject, equal_windows(operation)))
    got = values(subject.perform(request), "result")
    there = np.isnan(request.arrays["x"].astype("float64"))
    of_nan = got[there] if got.shape == there.shape else got.ravel()
    if not (np.isnan(of_nan).all() or (of_nan == of_nan.flat[0]).all()):
        count = int(np.isnan(of_nan).sum())
        message = f"of {of_nan.size} equal windows with a NaN, {count} give NaN, the others do not"
        raise Disagreement(message, Evidence(request, got=got, part="result"))
