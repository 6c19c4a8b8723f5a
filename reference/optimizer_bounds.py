"""How far off the weights may be after each step of an optimizer.

The reference's own steps run on numbers that carry their errors (:mod:`reference.running_error`),
and so do the hyperparameters, each rounded to the format first or not. One step of plain SGD,
w - lr g, is the only order there is, and comes to

    u (2 |lr g| + |w'|),  of which one |lr g| is the rounding of lr

With momentum, weight decay or Adam, backends evaluate in other orders:

- PyTorch keeps v = mu v + g and moves by lr v; Keras keeps lr v, so that lr scales each gradient.
- A mean is b m + (1 - b) g, or m + (1 - b)(g - m): one operation more on (1 - b)(|g| + |m|), which
  is no larger than the parts for b >= 1/2.
- Decoupled decay is w (1 - lr wd), or w - w wd lr.
- Adam's corrections are applied to the means, or to the learning rate and epsilon: products and
  quotients, of which each order has as many.

None has more than twice the operations of the reference, on sums of the same terms, so every
operation is charged twice, once on the magnitudes of its operands. As lr may scale first, what
underflows may be 1 / lr times as large. 1 - beta and 1 - beta^t are charged as differences of
numbers of the format, which is what Keras computes: the relative error u / (1 - beta2) of the
first is most of Adam's bound. Where it reaches 1, nothing is required.
"""

from dataclasses import fields, replace
from typing import Any

from reference.formats import FORMATS, Format
from reference.geometry import Array
from reference.optimizers import SGD, Optimizer
from reference.running_error import Arithmetic, Computed


def trajectory_within(
    optimizer: Optimizer, weight: Array, gradients: Array, format_: Format | None = None
) -> list[Computed]:
    """The weights after each step and their errors, in ``format_`` or that of the weight."""
    plain = isinstance(optimizer, SGD) and not (optimizer.momentum or optimizer.weight_decay)
    arithmetic = Arithmetic.of(
        format_ or FORMATS[weight.dtype.name],
        reordered=not plain,
        smallest_scale=1.0 if plain else optimizer.learning_rate,
    )
    stepper: Any = _with_errors(optimizer, arithmetic)
    at, state, weights = arithmetic.given(weight), None, []
    for gradient in gradients:
        at, state = stepper.step(at, arithmetic.given(gradient), state)
        weights.append(at)
    return weights


def _with_errors(optimizer: Optimizer, arithmetic: Arithmetic) -> Any:
    """The optimizer with numbers that carry their errors. Those that are zero switch something
    off, and stay plain.
    """
    numbers: dict[str, Any] = {
        field.name: arithmetic.rounded(value)
        for field in fields(optimizer)
        if not isinstance(value := getattr(optimizer, field.name), bool) and value
    }
    return replace(optimizer, **numbers)
