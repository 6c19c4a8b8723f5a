"""Every operation that a backend may be asked for, by name: arrays by name in, arrays by name out.

This is how the suite asks for all but the plain cross-correlation, in one process or across two,
where everything but the arrays is plain values.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol, runtime_checkable

from adapters.contract import Adapter, Array, checked
from reference.network import described
from reference.optimizers import SGD, Adam, Optimizer

GRADIENTS_OF = "gradients of "
WEIGHTS = "weights/"
Progress = Callable[[int], None]


@runtime_checkable
class Elsewhere(Protocol):
    """An adapter whose backend is in another process, which asks it the same there."""

    def perform(
        self,
        operation: str,
        arrays: Mapping[str, Array],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> dict[str, Array]: ...


def perform(
    adapter: Adapter,
    operation: str,
    arrays: Mapping[str, Array],
    parameters: Mapping[str, Any],
    progress: Progress = lambda step: None,
) -> dict[str, Array]:
    """What a backend makes of it: "result"; for gradients the name of each array; for training
    "losses" and the weights, each after ``WEIGHTS``.

    Raises Unsupported for what is not offered, TypeError for anything but arrays of numbers.
    """
    if isinstance(adapter, Elsewhere):
        return adapter.perform(operation, arrays, parameters, progress)
    if operation.startswith(GRADIENTS_OF):
        others = {name: array for name, array in arrays.items() if name != "gradient"}
        name = operation.removeprefix(GRADIENTS_OF)
        found = adapter.gradients(name, others, arrays["gradient"], parameters)
    elif operation == "train":
        losses, weights = adapter.train(
            described(parameters["network"]),
            weights_of(arrays),
            arrays["images"],
            arrays["labels"],
            arrays["batches"],
            optimizer_of(parameters["optimizer"]),
            compiled=parameters["compiled"],
            progress=progress,
        )
        found = {"losses": losses} | {WEIGHTS + name: array for name, array in weights.items()}
    elif operation == "predict":
        network = described(parameters["network"])
        found = {"result": adapter.predict(network, weights_of(arrays), arrays["images"])}
    elif operation == "optimize":
        settings = optimizer_of(parameters["optimizer"])
        found = {"result": adapter.optimize(arrays["weight"], arrays["gradients"], settings)}
    else:
        answer = getattr(adapter, operation)(**arrays, **parameters)
        found = answer if isinstance(answer, dict) else {"result": answer}
    if not isinstance(found, dict):
        raise TypeError(f"the adapter returned {type(found).__name__}, not arrays by name")
    return {str(name): checked(array) for name, array in found.items()}


def plain(optimizer: Optimizer) -> dict[str, Any]:
    """An optimizer as plain values."""
    return {"kind": type(optimizer).__name__, **asdict(optimizer)}


def optimizer_of(settings: Mapping[str, Any]) -> Optimizer:
    """The optimizer that :func:`plain` tells of."""
    kinds: dict[str, type[Optimizer]] = {"SGD": SGD, "Adam": Adam}
    return kinds[settings["kind"]](**{k: v for k, v in settings.items() if k != "kind"})


def weights_of(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Those of the arrays that are weights, by their names in the network."""
    return {
        name.removeprefix(WEIGHTS): array
        for name, array in arrays.items()
        if name.startswith(WEIGHTS)
    }
