"""Training done wrong: each a loop of its own that differs from the reference's in one place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from adapters.operations import WEIGHTS, optimizer_of, weights_of
from conformance.mistakes.learning.catalogue import wrong
from reference.geometry import Array
from reference.loss import softmax_cross_entropy, softmax_cross_entropy_gradient
from reference.network import Network, Weights, backward, described, forward
from reference.optimizers import State

training_wrong = partial(wrong, "train")
prediction_wrong = partial(wrong, "predict")


@dataclass
class Loop:
    """A run of training; a mistake replaces one of its parts."""

    network: Sequence[Mapping[str, Any]]
    optimizer: Mapping[str, Any]
    images: Array
    labels: Array
    batches: Array
    weights: Weights
    of_gradients: Callable[[Weights], Weights] = lambda gradients: gradients
    learns: Callable[[str], bool] = lambda name: True
    made_of: Callable[[Network], Network] = lambda network: network
    label_smoothing: float = 0.0
    states: dict[str, State] = field(default_factory=dict)
    seen: list[Weights] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        network: Any,
        optimizer: Any,
        images: Array,
        labels: Array,
        batches: Array,
        compiled: bool = False,
        **weights: Array,
    ) -> "Loop":
        return cls(network, optimizer, images, labels, batches, weights_of(weights))

    def run(self) -> dict[str, Array]:
        losses = [self.step(batch) for batch in self.batches]
        found = {WEIGHTS + name: array for name, array in self.weights.items()}
        return found | {"losses": np.array(losses)}

    def step(self, batch: Array) -> float:
        layers, optimizer = self.made_of(described(self.network)), optimizer_of(self.optimizer)
        values = forward(layers, self.weights, self.images[batch])
        asked = values[-1], self.labels[batch]
        loss = softmax_cross_entropy(*asked, label_smoothing=self.label_smoothing)
        by_logits = softmax_cross_entropy_gradient(*asked, label_smoothing=self.label_smoothing)
        gradients = self.of_gradients(backward(layers, self.weights, values, by_logits))
        self.seen.append(gradients)
        stepped = dict(self.weights)
        for name, weight in self.weights.items():
            if self.learns(name):
                state = self.states.get(name)
                stepped[name], self.states[name] = optimizer.step(weight, gradients[name], state)
        self.weights = stepped
        return float(loss)


def _scaled(factor: float, gradients: Weights) -> Weights:
    return {name: factor * gradient for name, gradient in gradients.items()}


def _with(settings: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**settings, **changes}


@training_wrong("TRAIN-1", "the learning rate is rounded through float32")
def learning_rate_through_float32(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    rate = float(np.float32(loop.optimizer["learning_rate"]))
    return replace(loop, optimizer=_with(loop.optimizer, learning_rate=rate)).run()


@training_wrong("TRAIN-2", "the gradients are summed over the batch, not averaged")
def training_on_the_sum(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, of_gradients=partial(_scaled, float(loop.batches.shape[1]))).run()


@training_wrong("TRAIN-1", "momentum is ignored in training")
def training_without_momentum(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    plain = _with(loop.optimizer, momentum=0.0, nesterov=False)
    return replace(loop, optimizer=plain).run()


@training_wrong("TRAIN-1", "Nesterov's momentum is taken for the plain one in training")
def training_without_nesterov(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, optimizer=_with(loop.optimizer, nesterov=False)).run()


@training_wrong("TRAIN-2", "the labels of training are off by one")
def training_labels_off_by_one(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, labels=(loop.labels + 1) % 10).run()


@training_wrong("TRAIN-1", "every step sees the batch of the step before it")
def training_on_stale_batches(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    stale = np.concatenate([loop.batches[:1], loop.batches[:-1]])
    return replace(loop, batches=stale).run()


@training_wrong("TRAIN-1", "every step sees the first batch")
def training_on_the_first_batch(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, batches=np.repeat(loop.batches[:1], len(loop.batches), axis=0)).run()


@training_wrong("TRAIN-1", "gradients are not cleared: those of earlier steps are added on top")
def gradients_not_cleared(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)

    def added(gradients: Weights) -> Weights:
        if not loop.seen:
            return gradients
        return {name: gradient + loop.seen[-1][name] for name, gradient in gradients.items()}

    loop.of_gradients = added
    return loop.run()


@training_wrong("TRAIN-2", "the filters of the first layer do not learn")
def first_layer_frozen(**a: Any) -> dict[str, Array]:
    return replace(Loop.of(**a), learns=lambda name: not name.startswith("0.")).run()


@training_wrong("TRAIN-2", "biases do not learn")
def biases_do_not_learn(**a: Any) -> dict[str, Array]:
    return replace(Loop.of(**a), learns=lambda name: not name.endswith("bias")).run()


@training_wrong("TRAIN-2", "the images are scaled once more before training")
def training_images_scaled_again(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, images=loop.images / 255).run()


@training_wrong("TRAIN-2", "the images are turned on their side in training")
def training_images_transposed(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, images=np.swapaxes(loop.images, -1, -2)).run()


@training_wrong("TRAIN-2", "the last image of each batch is left out")
def last_of_each_batch_left_out(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    shorter = loop.batches[:, :-1] if loop.batches.shape[1] > 1 else loop.batches
    return replace(loop, batches=shorter).run()


@training_wrong("TRAIN-1", "the losses are those after each step, not before it")
def losses_after_the_step(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    layers, losses = described(loop.network), []
    for batch in loop.batches:
        loop.step(batch)
        logits = forward(layers, loop.weights, loop.images[batch])[-1]
        losses.append(float(softmax_cross_entropy(logits, loop.labels[batch])))
    found = {WEIGHTS + name: array for name, array in loop.weights.items()}
    return found | {"losses": np.array(losses)}


@training_wrong("TRAIN-2", "gradients are clipped to the norm 1")
def gradients_clipped(**a: Any) -> dict[str, Array]:
    def clipped(gradients: Weights) -> Weights:
        norm = np.sqrt(sum(float((g**2).sum()) for g in gradients.values()))
        return _scaled(min(1.0, 1.0 / max(norm, 1e-12)), gradients)

    return replace(Loop.of(**a), of_gradients=clipped).run()


@training_wrong("TRAIN-2", "weights decay by a thousandth in training, unasked")
def unasked_weight_decay(**a: Any) -> dict[str, Array]:
    loop = Loop.of(**a)
    return replace(loop, optimizer=_with(loop.optimizer, weight_decay=1e-3)).run()


@training_wrong("TRAIN-2", "labels are smoothed in training, unasked")
def unasked_label_smoothing(**a: Any) -> dict[str, Array]:
    return replace(Loop.of(**a), label_smoothing=0.1).run()


def _predict(network: Any, images: Array, **weights: Array) -> Array:
    return np.asarray(forward(described(network), weights_of(weights), images)[-1])


@prediction_wrong("TRAIN-3", "test images are scaled otherwise than those of training")
def test_images_scaled_otherwise(images: Array, **a: Any) -> Array:
    return _predict(images=images * 0.3081 + 0.1307, **a)


@prediction_wrong("TRAIN-3", "the features are flattened with the channels last")
def flattened_with_channels_last(network: Any, images: Array, **a: Any) -> Array:
    own = weights_of(a)
    value = images
    layers = described(network)
    for place, layer in enumerate(layers):
        if layer.kind == "flatten":
            value = np.moveaxis(value, 1, -1)
        value = forward((layer,), _renumbered(own, place), value)[-1]
    return value


def _renumbered(weights: Weights, place: int) -> Weights:
    prefix = f"{place}."
    return {
        "0." + name.removeprefix(prefix): array
        for name, array in weights.items()
        if name.startswith(prefix)
    }


@prediction_wrong("TRAIN-3", "predictions are the shares after softmax, not the logits")
def predictions_after_softmax(**a: Any) -> Array:
    logits = _predict(**a)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@prediction_wrong("TRAIN-3", "images beyond the first hundred get the answers of the first hundred")
def predictions_of_the_first_chunk(images: Array, **a: Any) -> Array:
    logits = _predict(images=images, **a)
    return logits[np.arange(len(images)) % 100]
