"""Known mistakes in gradients, layers, losses, optimizers and training: each a sentence, and the
operation as a backend would have it that makes the mistake.
"""

from conformance.mistakes.learning import (
    activations,
    gradients,
    impossible_pools,
    layers,
    losses,
    narrow,
    negative_padding,
    network_steps,
    networks,
    optimizers,
    pooling,
    pooling_rules,
    special_pools,
    training,
    transposed,
    unpredictable,
)
from conformance.mistakes.learning.catalogue import WRONG, Wrong, wrong_ways

__all__ = [
    "WRONG",
    "Wrong",
    "activations",
    "gradients",
    "impossible_pools",
    "layers",
    "losses",
    "narrow",
    "negative_padding",
    "network_steps",
    "networks",
    "optimizers",
    "pooling",
    "pooling_rules",
    "special_pools",
    "training",
    "transposed",
    "unpredictable",
    "wrong_ways",
]
