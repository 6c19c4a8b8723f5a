"""The lesson on real data: four filters of -1, 0 and 1 find the edges of handwritten sevens."""

import numpy as np

from conformance.calls import Call
from conformance.clauses import clause
from conformance.judge import Disagreement, Evidence, compare_shapes, expected
from conformance.subject import Subject
from reference import EDGES, edge_filters, mnist, windows
from reference.geometry import Array

LESSON = "The lesson; the images are MNIST's (LeCun, Cortes, Burges)"
INK = 128
_EVERY_DIGIT = 17


def sevens(subject: Subject) -> Array:
    """The sevens of the test set, (1028, 1, 28, 28), in the dtype under test."""
    return mnist.load("test").digits(7)[:, None].astype(subject.numpy_dtype)


def layer(subject: Subject, x: Array, filters: Array) -> Call:
    """A plain 2-D layer. Pixels are integers; whether their sums are exact depends on the dtype."""
    call = Call(
        x,
        filters.astype(x.dtype),
        None,
        stride=(1, 1),
        padding=((0, 0), (0, 0)),
        dilation=(1, 1),
        groups=1,
    )
    largest = np.abs(x.astype("float64")).max() * np.abs(filters).sum(axis=(1, 2, 3)).max()
    return call if largest <= call.format.exact_below else call.but(data="pixels")


@clause(
    "LESSON-1",
    "The four edge filters give their feature maps on every seven of the MNIST test set.",
    source=LESSON,
)
def test_edges_of_sevens(subject: Subject) -> None:
    show(subject, layer(subject, sevens(subject), edge_filters()), "the feature maps of the sevens")


def show(subject: Subject, call: Call, meaning: str, shown: int = 2) -> None:
    """Check a layer, and keep the first of its feature maps for the report."""
    got = subject.ask(call)
    subject.keep(
        digits=_EVERY_DIGIT,
        images=call.x[:shown],
        filters=call.filters,
        feature_maps=got.value[:shown],
    )
    subject.agree(got, expected(call), call, meaning)


@clause(
    "LESSON-2",
    "Each of the four filters responds most, of the four, on the edges that it is named for.",
    source=LESSON,
)
def test_each_filter_finds_its_edge(subject: Subject) -> None:
    images = sevens(subject)
    call = layer(subject, images, edge_filters())
    got = subject.ask(call)
    compare_shapes(got.value, expected(call).value, call, "the feature maps of the sevens")
    seen = windows(images, (3, 3), (1, 1), (1, 1))[:, 0]
    for k, edge in enumerate(EDGES):
        on_edge = shows(edge, seen)
        assert on_edge.any(), f"no seven has a {edge} edge"
        for rival in range(len(EDGES)):
            excess = (got.value[:, rival] - got.value[:, k])[on_edge]
            allowed = 2 * np.broadcast_to(got.bound, got.value.shape)[:, k][on_edge]
            if (excess > allowed).any():
                item = int(np.argwhere(on_edge)[np.argmax(excess)][0])
                one = call.but(x=images[[item]])
                raise Disagreement(
                    f"on {edge} edges the filter for {EDGES[rival]} edges responds more",
                    Evidence(one, got=got.value[[item]]),
                )


def shows(edge: str, seen: Array) -> Array:
    """Which windows (N, H, W, 3, 3) show an edge: three pixels of ink through the centre, and on
    the side that the edge is named for three blank ones.
    """
    sides: dict[str, tuple[slice | int, slice | int]] = {
        "top": (0, slice(None)),
        "left": (slice(None), 0),
        "bottom": (2, slice(None)),
        "right": (slice(None), 2),
    }
    centre = (1, slice(None)) if edge in ("top", "bottom") else (slice(None), 1)
    ink = (seen[(..., *centre)] >= INK).all(axis=-1)
    blank = (seen[(..., *sides[edge])] == 0).all(axis=-1)
    return np.asarray(ink & blank)


@clause(
    "LESSON-3",
    "An RGB image has three input channels: a filter that looks at one colour finds the edges of "
    "strokes of that colour.",
    source=LESSON,
)
def test_edges_of_coloured_sevens(subject: Subject) -> None:
    colours = np.eye(3)[:, None, :, None, None] * edge_filters()[None]
    call = layer(subject, coloured_sevens(subject), colours.reshape(12, 3, 3, 3))
    show(subject, call, "the feature maps of coloured sevens", shown=1)


def coloured_sevens(subject: Subject) -> Array:
    """Sevens in red, green and blue in turn, with a little of the next colour: (99, 3, 28, 28)."""
    gray = sevens(subject)[:99]
    x = np.zeros((len(gray), 3, 28, 28), gray.dtype)
    for item, image in enumerate(gray):
        x[item, item % 3] = image[0]
        x[item, (item + 1) % 3] = image[0].T
    return x


@clause(
    "LESSON-4",
    "The four feature maps of a seven are the four input channels of the next layer.",
    source=LESSON,
)
def test_a_second_layer(subject: Subject) -> None:
    first = layer(subject, sevens(subject)[:99], edge_filters())
    maps = subject.result(first)
    subject.agree(subject.read(maps, first), expected(first), first, "the first layer")
    corners = np.zeros((2, 4, 3, 3))
    corners[0, [EDGES.index("top"), EDGES.index("left")], 1, 1] = 1
    corners[1, [EDGES.index("bottom"), EDGES.index("right")], 1, 1] = 1
    show(subject, layer(subject, maps, corners), "the second layer", shown=1)


@clause(
    "LESSON-5",
    "With three groups each colour of an image is looked at by filters of its own, of one channel.",
    source=LESSON,
)
def test_each_colour_by_itself(subject: Subject) -> None:
    filters = np.concatenate([edge_filters()] * 3)
    call = layer(subject, coloured_sevens(subject), filters).but(groups=3)
    show(subject, call, "the feature maps of each colour", shown=1)
