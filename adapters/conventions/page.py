"""``python -m adapters.conventions.page`` measures every cell, and writes CONVENTIONS.md anew: it
needs all the frameworks.
"""

import importlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("CONVENTIONS.md")
FRAMEWORKS = {
    "PyTorch": "torch",
    "TensorFlow": "tensorflow",
    "JAX": "jax",
    "SciPy": "scipy",
    "ONNX Runtime": "onnxruntime",
    "OpenVINO": "openvino",
}
# What each convention is called and what the specification says, with the clause that does.
STANDS = {
    "kernel_flip": (
        "Is the kernel turned round?",
        "No: cross-correlation (CORR-2)",
    ),
    "odd_zero_of_same": (
        "Padding that keeps the size: where is the odd zero?",
        "After, as SAME and SAME_UPPER; SAME_LOWER before (GEOM-7, GEOM-8)",
    ),
    "odd_value_of_a_transpose": (
        "Padding by which a transpose multiplies the size by the stride: where is the odd value "
        "taken off?",
        "After, where a cross-correlation adds it, as SAME and SAME_UPPER; SAME_LOWER before "
        "(GRAD-16)",
    ),
    "size_of_a_valid_transpose": (
        "The size of a transpose without padding, where the kernel is smaller than the stride",
        "(size - 1) * stride + kernel (GRAD-16)",
    ),
    "kernel_beyond_the_input": (
        "A kernel larger than the padded input",
        "An error (GEOM-4)",
    ),
    "negative_padding": (
        "Negative padding",
        "Has no meaning, and is not asked for",
    ),
    "nan_in_a_max_pool": (
        "A NaN in a window of a max pool, behind a number",
        "Is not asked for: a NaN has no order (LAYER-22 asks what must not see it)",
    ),
    "gradient_of_a_tie": (
        "The gradient of a max pool, where two values are the largest",
        "To some of them, and none of it lost or doubled (LAYER-6)",
    ),
    "padding_in_an_average": (
        "Does padding count in an average pool?",
        "Both: the call says which (LAYER-8)",
    ),
    "kept_variance": (
        "Batch normalisation: the variance that is kept, and defaults",
        "Both: the call says which (LAYER-15)",
    ),
    "mean_with_class_weights": (
        "The mean of weighted losses is divided",
        "Each, whichever a backend has (LOSS-9)",
    ),
    "all_labels_ignored": (
        "The mean loss of a batch whose labels are all ignored",
        "Not specified: labels cannot be ignored",
    ),
    "epsilon_of_adam": (
        "The epsilon of Adam, and the correction of the second moment",
        "Each, whichever a backend has (LOSS-20)",
    ),
    "weight_decay_of_sgd": (
        "The weight decay of SGD",
        "Each, whichever a backend has (LOSS-18)",
    ),
    "slope_of_leaky_relu": (
        "The slope of leaky ReLU, by default",
        "0.01, which an adapter asks for (LAYER-10)",
    ),
    "gelu_by_default": (
        "GELU, by default",
        "Both, by their names (LAYER-10)",
    ),
    "derivative_of_relu_at_0": (
        "The derivative of ReLU at 0",
        "0 (LAYER-11)",
    ),
    "derivative_of_maximum_at_a_tie": (
        "The derivative of maximum(x, 0) at 0",
        "Not specified: another function than ReLU",
    ),
}
HEAD = """\
# Where frameworks differ

Frameworks differ by convention, and that is no bug of any. The specification takes a stand, or
names both conventions and lets the call say which; where a framework departs from a clause, a
report says so. Each cell was measured: it is the answer of a function in this folder, and the tests
ask it anew. Empty: the framework has no such thing.

`python -m adapters.conventions.page` measures all of it and writes this page.
"""


def measured(framework: str) -> dict[str, str]:
    """What a framework answers, for each convention that it has. Raises ModuleNotFoundError where
    it is not installed.
    """
    module = importlib.import_module(f"adapters.conventions.{framework}_conventions")
    functions = dict(inspect.getmembers(module, inspect.isfunction))
    return {name: functions[name]() for name in STANDS if name in functions}


def version(framework: str) -> str:
    """The version that answered."""
    module = importlib.import_module(f"adapters.conventions.{framework}_conventions")
    return str(module.VERSION)


def page(cells: Mapping[str, Mapping[str, str]], versions: Mapping[str, str]) -> str:
    """The page, as Markdown, of what each framework answered."""
    named = [f"{title} {versions[name]}" for title, name in FRAMEWORKS.items()]
    lines = [HEAD, _row("Convention", "The specification", *named)]
    lines.append(_row(*["---"] * (2 + len(named))))
    for name, (question, stand) in STANDS.items():
        answers = (cells[framework].get(name, "") for framework in FRAMEWORKS.values())
        lines.append(_row(question, stand, *answers))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure, and write the page."""
    names = FRAMEWORKS.values()
    cells, versions = {n: measured(n) for n in names}, {n: version(n) for n in names}
    FILE.write_text(page(cells, versions), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
