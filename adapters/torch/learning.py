"""Learning by PyTorch: a torch.nn.Sequential made from the description of a network, the loss of
torch.nn and the optimizers of torch.optim.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import torch

from adapters.contract import Unsupported
from adapters.torch.layers import Tensor, activation_module, padding_of
from adapters.torch.modules import AVERAGE_POOLS, CONVOLUTIONS, MAX_POOLS, PADS
from reference import network as net
from reference.optimizers import SGD, Adam, Optimizer

_AT_ONCE = 500  # images of a prediction


def train(
    network: net.Network,
    weights: Mapping[str, Tensor],
    images: Tensor,
    labels: Tensor,
    batches: Tensor,
    optimizer: Optimizer,
    *,
    compiled: bool,
    progress: Callable[[int], None],
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss before each step, and the weights after the last."""
    model = model_of(network, weights).train()
    forward = _compiled(model) if compiled else model
    loss_of = torch.nn.CrossEntropyLoss()
    follow = optimizer_of(optimizer, model.parameters())
    losses = images.new_empty(len(batches))
    for step, batch in enumerate(batches):
        follow.zero_grad()
        loss = loss_of(forward(images[batch]), labels[batch])
        loss.backward()
        follow.step()
        losses[step] = loss.detach()
        progress(step + 1)
    return losses, {name: model.get_parameter(_in_torch(name)).detach() for name in weights}


def predict(
    network: net.Network, weights: Mapping[str, Tensor], images: Tensor, *, compiled: bool
) -> Tensor:
    """The logits."""
    model = model_of(network, weights).eval()
    forward = _compiled(model) if compiled else model
    with torch.no_grad():
        return torch.cat([forward(part) for part in images.split(_AT_ONCE)])


def trajectory(weight: Tensor, gradients: Tensor, optimizer: Optimizer) -> Tensor:
    """The weight after each step."""
    parameter = torch.nn.Parameter(weight.clone())
    follow = optimizer_of(optimizer, [parameter])
    weights = torch.empty_like(gradients)
    for step, gradient in enumerate(gradients):
        follow.zero_grad()
        parameter.grad = gradient.clone()
        follow.step()
        weights[step] = parameter.detach()
    return weights


def model_of(network: net.Network, weights: Mapping[str, Tensor]) -> Tensor:
    """A model with copies of the ``weights``."""
    modules = OrderedDict[str, Tensor]()
    with torch.device("meta"):  # no weights are drawn, so the random generator stays as it is
        for place, layer in enumerate(network):
            if isinstance(layer, net.Convolution) and (
                before := padding_of(layer.padding, layer.stride)[0]
            ):
                modules[f"{place}_padding"] = PADS[len(layer.kernel) - 1](before, 0.0)
            modules[str(place)] = _module_of(layer)
    model = torch.nn.Sequential(modules)
    copies = {_in_torch(name): weight.clone() for name, weight in weights.items()}
    model.load_state_dict(copies, assign=True)
    return model


def optimizer_of(optimizer: Optimizer, parameters: Iterable[Tensor]) -> Tensor:
    """The optimizer of torch.optim with these settings."""
    if isinstance(optimizer, SGD):
        if optimizer.decoupled and optimizer.weight_decay:
            raise Unsupported("torch.optim.SGD has no decoupled weight decay")
        if optimizer.nesterov and not optimizer.momentum:
            raise Unsupported("torch.optim.SGD takes nesterov with a momentum only")
        return torch.optim.SGD(
            parameters,
            lr=optimizer.learning_rate,
            momentum=optimizer.momentum,
            nesterov=optimizer.nesterov,
            weight_decay=optimizer.weight_decay,
        )
    if not isinstance(optimizer, Adam):
        raise Unsupported(f"no optimizer of torch.optim is known for {type(optimizer).__name__}")
    if optimizer.epsilon_hat:
        raise Unsupported("torch.optim adds Adam's epsilon after the correction of the bias only")
    kind = torch.optim.AdamW if optimizer.decoupled else torch.optim.Adam
    return kind(
        parameters,
        lr=optimizer.learning_rate,
        betas=(optimizer.beta1, optimizer.beta2),
        eps=optimizer.epsilon,
        weight_decay=optimizer.weight_decay,
    )


def _module_of(layer: net.Layer) -> Tensor:
    nn = torch.nn
    match layer:
        case net.Convolution():
            kind = CONVOLUTIONS[len(layer.kernel) - 1]
            return kind(
                layer.channels,
                layer.filters,
                layer.kernel,
                stride=layer.stride,
                padding=padding_of(layer.padding, layer.stride)[1],
                dilation=layer.dilation,
                groups=layer.groups,
            )
        case net.Dense():
            return nn.Linear(layer.inputs, layer.outputs)
        case net.Activate():
            return activation_module(layer.function)
        case net.MaxPool():
            return MAX_POOLS[len(layer.kernel) - 1](layer.kernel)
        case net.AveragePool():
            return AVERAGE_POOLS[len(layer.kernel) - 1](layer.kernel)
        case net.Flatten():
            return nn.Flatten()
    raise Unsupported(f"no module of torch.nn is known for a layer {layer.kind!r}")


def _in_torch(name: str) -> str:
    """PyTorch's name of a weight: "0.filters" and "7.weights" are "0.weight" and "7.weight"."""
    place, _, own = name.partition(".")
    return f"{place}.{own if own == 'bias' else 'weight'}"


def _compiled(model: Tensor) -> Callable[[Tensor], Tensor]:
    torch.compiler.reset()  # what earlier models left would count against this one
    forward: Callable[[Tensor], Tensor] = torch.compile(model, fullgraph=True)
    return forward
