"""Every number that the demo shows is that of the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference import convolve, cross_correlate, mnist, output_size
from reference.bounds import lemma, magnitude, term_count
from reference.exact import truth
from reference.formats import FORMATS
from reference.geometry import Array, Parameters, pad, windows
from reports.pages.demo import ORDER
from reports.tests.demos import Demo, number, write

COMPUTE = (
    "cases => cases.map(([x, filters, how]) => convspec.correlation.correlate(x, filters, how))"
)
INK, GROUND = (255, 176, 0), (16, 42, 107)  # what the controls say at first


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("site"))


@pytest.fixture
def demo(tab: Any, folder: Path) -> Demo:
    return Demo.open(tab, folder / "demo.html")


def digits() -> list[Array]:
    """The digits of the page, in its order."""
    test = mnist.load("test")
    places = {label: iter(np.flatnonzero(test.labels == label)) for label in range(10)}
    return [test.images[next(places[label])].astype("int64") for label in ORDER]


def drawn(rng: np.random.Generator) -> tuple[Parameters, tuple[int, int]]:
    """How a filter slides, and its size, so that it fits a digit."""
    stride, dilation = (tuple(map(int, rng.integers(1, 4, 2))) for _ in range(2))
    low, high = rng.integers(0, 4, (2, 2)).tolist()
    kernel = tuple(map(int, rng.integers(1, 8, 2)))
    padding = tuple(zip(low, high, strict=True))
    how: Parameters = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
    return how, (kernel[0], kernel[1])


def set_sliding(demo: Demo, how: Parameters) -> None:
    demo.slide("Stride", *how["stride"])
    demo.slide("Dilation", *how["dilation"])
    (top, bottom), (left, right) = how["padding"]
    demo.slide("Padding before", top, left)
    demo.slide("Padding after", bottom, right)


@pytest.mark.parametrize("real", [False, True], ids=["integers", "real numbers"])
def test_the_function_is_the_reference(demo: Demo, real: bool) -> None:
    rng = np.random.default_rng(int(real))
    asked, expected = [], []
    for _ in range(150):
        how, kernel = drawn(rng)
        groups, depth, per_group = map(int, rng.integers(1, 4, 3))
        sizes = (1, groups * depth, 28, 27), (groups * per_group, depth, *kernel)
        x, filters = (
            rng.normal(size=size) if real else rng.integers(-99, 100, size) for size in sizes
        )
        how["groups"], flip = groups, bool(rng.integers(2))
        asked.append([x[0].tolist(), filters.tolist(), {**how, "flip": flip}])
        used = np.flip(filters, (2, 3)) if flip else filters
        expected.append((x, used, how))
    for found, (x, used, how) in zip(demo.tab.evaluate(COMPUTE, asked), expected, strict=True):
        if not real:
            assert np.array_equal(found, cross_correlate(x, used, **how)[0])
            continue
        exact, _ = truth(x, used, None, how)
        terms, size = term_count(x, used, None, how), magnitude(x, used, None, how)
        float64 = FORMATS["float64"]
        bound = lemma(terms, size, exact, result=float64, accumulator=float64)
        assert np.all(np.abs(np.array(found) - exact[0]) <= bound[0])


@pytest.mark.parametrize("seed", range(8))
def test_the_feature_map_is_that_of_the_reference(demo: Demo, seed: int) -> None:
    rng = np.random.default_rng(seed)
    how, kernel = drawn(rng)
    at, flip = int(rng.integers(11)), bool(seed % 2)
    weights = rng.integers(-9, 10, kernel)
    demo.digit(at)
    demo.slide("Kernel size", *kernel)
    set_sliding(demo, how)
    demo.weights(weights.ravel().tolist())
    demo.part("flip").set_checked(flip)
    correlate = convolve if flip else cross_correlate
    expected = correlate(digits()[at][None, None], weights[None, None], **how)[0, 0]
    assert np.array_equal(demo.map(), expected)
    out = output_size((28, 28), kernel, how["stride"], how["padding"], how["dilation"])
    for axis, name in enumerate(("rows", "columns")):
        low, high = how["padding"][axis]
        formula = (
            f"⌊(28 + {low} + {high} - {how['dilation'][axis]} x ({kernel[axis]} - 1) - 1)"
            f" / {how['stride'][axis]}⌋ + 1 = {out[axis]}"
        )
        assert demo.text(f"formula-{name}") == formula


@pytest.mark.parametrize("bank", ["Edges", "Sobel", "Learned"])
@pytest.mark.parametrize("flip", [False, True])
def test_every_filter_of_a_bank_gives_its_map(demo: Demo, bank: str, flip: bool) -> None:
    demo.choose(bank)
    demo.part("flip").set_checked(flip)
    demo.slide("Stride", 2, 3)
    filters = np.array(demo.tab.evaluate(BANK, bank))[:, None]
    correlate = convolve if flip else cross_correlate
    expected = correlate(digits()[0][None, None], filters, stride=(2, 3))[0]
    assert demo.part("maps").locator("input").count() == len(expected)
    for k, feature_map in enumerate(expected):
        demo.show_map(k)
        np.testing.assert_allclose(demo.map(), feature_map, rtol=0, atol=1e-6)


BANK = """name => JSON.parse(document.querySelector('[data-part="data"]').textContent).banks
    .find(bank => bank.name === name).filters"""


def test_three_channels_are_summed_into_one_map(demo: Demo) -> None:
    demo.choose("three channels: RGB")
    weights = np.random.default_rng(5).integers(-9, 10, (3, 3, 3))
    demo.weights(weights.ravel().tolist())
    grey = digits()[0] / 255
    x = np.stack([np.floor(g + (i - g) * grey + 0.5) for i, g in zip(INK, GROUND, strict=True)])
    assert np.array_equal(demo.map(), cross_correlate(x[None], weights[None])[0, 0])
    check_step(demo, x, weights, {"stride": (1, 1), "padding": ((0, 0), (0, 0))})


@pytest.mark.parametrize("seed", range(3))
def test_the_products_are_those_of_the_window(demo: Demo, seed: int) -> None:
    rng = np.random.default_rng(seed)
    how, _ = drawn(rng)
    weights = rng.integers(-9, 10, (3, 3))
    demo.weights(weights.ravel().tolist())
    set_sliding(demo, how)
    for _ in range(5):
        demo.part("at-rows").fill(str(rng.integers(1, 8)))
        demo.part("at-columns").fill(str(rng.integers(1, 8)))
        check_step(demo, digits()[0][None], weights[None], how)


def check_step(demo: Demo, x: Array, weights: Array, how: Any) -> None:
    """The window, its products and their sum, where the window stands."""
    padded, dilation = pad(x[None], how["padding"]), how.get("dilation", (1, 1))
    window = windows(padded, weights.shape[1:], how["stride"], dilation)[0]
    expected = window[(slice(None), *demo.place())]
    shown = demo.products()
    assert np.array_equal(shown[..., 0], expected)
    assert np.array_equal(shown[..., 1], weights)
    assert np.array_equal(shown[..., 2], expected * weights)
    assert number(demo.text("sum").removeprefix("= ")) == (expected * weights).sum()
