"""Backends that are asked for every layer in one way: by its name, with arrays and parameters."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from adapters.contract import Adapter, Array


class ByName(Adapter):
    """What has all layers, and one method for them."""

    @abstractmethod
    def _computed(
        self, operation: str, arrays: Mapping[str, Array | None], parameters: Mapping[str, Any]
    ) -> dict[str, Array]:
        """The arrays of the result by name, "result" where there is one; those of None are not
        given.
        """

    def transposed_cross_correlate(
        self, x: Array, filters: Array, bias: Array | None = None, **parameters: Any
    ) -> Array:
        arrays = {"x": x, "filters": filters, "bias": bias}
        return self._computed("transposed_cross_correlate", arrays, parameters)["result"]

    def max_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed("max_pool", {"x": x}, parameters)["result"]

    def average_pool(self, x: Array, **parameters: Any) -> Array:
        return self._computed("average_pool", {"x": x}, parameters)["result"]

    def activation(self, x: Array, *, kind: str) -> Array:
        return self._computed("activation", {"x": x}, {"kind": kind})["result"]

    def dense(self, x: Array, weights: Array, bias: Array | None = None) -> Array:
        arrays = {"x": x, "weights": weights, "bias": bias}
        return self._computed("dense", arrays, {})["result"]

    def batch_norm(
        self, x: Array, scale: Array, shift: Array, mean: Array, variance: Array, **parameters: Any
    ) -> dict[str, Array]:
        arrays = {"x": x, "scale": scale, "shift": shift, "mean": mean, "variance": variance}
        return self._computed("batch_norm", arrays, parameters)

    def dropout(self, x: Array, **parameters: Any) -> Array:
        return self._computed("dropout", {"x": x}, parameters)["result"]

    def softmax_cross_entropy(
        self, logits: Array, labels: Array, class_weights: Array | None = None, **parameters: Any
    ) -> Array:
        arrays = {"logits": logits, "labels": labels, "class_weights": class_weights}
        return self._computed("softmax_cross_entropy", arrays, parameters)["result"]
