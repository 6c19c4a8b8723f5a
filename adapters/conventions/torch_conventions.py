"""The conventions of PyTorch."""

import torch
from torch.nn import functional

VERSION = torch.__version__


def kernel_flip() -> str:
    got = functional.conv1d(torch.tensor([[[0.0, 1, 0]]]), torch.tensor([[[1.0, 2, 3]]]), padding=1)
    return "no" if got.tolist() == [[[3, 2, 1]]] else "yes"


def odd_zero_of_same() -> str:
    got = functional.conv1d(torch.ones(1, 1, 3), torch.ones(1, 1, 2), padding="same")
    return "after; stride 1 only" if got.tolist() == [[[2, 2, 1]]] else "before; stride 1 only"


def size_of_a_valid_transpose() -> str:
    got = functional.conv_transpose1d(torch.ones(1, 1, 2), torch.ones(1, 1, 1), stride=3)
    return {4: "(size - 1) * stride + kernel", 6: "size * stride"}[got.shape[-1]]


def kernel_beyond_the_input() -> str:
    try:
        functional.conv1d(torch.ones(1, 1, 2), torch.ones(1, 1, 3))
    except RuntimeError:
        return "error"
    return "a result"


def negative_padding() -> str:
    try:
        functional.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 1), padding=-1)
    except RuntimeError:
        return "error"
    return "crops"


def nan_in_a_max_pool() -> str:
    got = functional.max_pool1d(torch.tensor([[[1.0, torch.nan]]]), 2)
    return "reaches the result" if got.isnan().all() else "is dropped"


def gradient_of_a_tie() -> str:
    x = torch.ones(1, 1, 2, requires_grad=True)
    functional.max_pool1d(x, 2).sum().backward()
    assert x.grad is not None
    return {(1, 0): "to the first", (0, 1): "to the last", (1, 1): "to each, whole"}.get(
        tuple(x.grad.flatten().tolist()), "shared"
    )


def padding_in_an_average() -> str:
    got = functional.avg_pool1d(torch.ones(1, 1, 2), 2, padding=1)
    return "counts, unless count_include_pad=False" if got.min() < 1 else "does not count"


def kept_variance() -> str:
    layer = torch.nn.BatchNorm1d(1)
    layer(torch.tensor([[0.0], [2.0]]))
    assert layer.running_var is not None
    moved = layer.running_var.item() - 1
    divisor = "n - 1" if abs(moved - 0.1 * (2 - 1)) < 1e-6 else "n"
    return f"divides by {divisor}; moves by {layer.momentum:g}; epsilon {layer.eps:g}"


def mean_with_class_weights() -> str:
    loss = functional.cross_entropy(
        torch.zeros(2, 2), torch.tensor([0, 0]), torch.tensor([3.0, 1.0])
    )
    of_one = functional.cross_entropy(torch.zeros(2, 2), torch.tensor([0, 0]))
    return "by the sum of the weights" if torch.isclose(loss, of_one) else "by the number of items"


def all_labels_ignored() -> str:
    loss = functional.cross_entropy(torch.zeros(1, 2), torch.tensor([-100]))
    return "NaN" if loss.isnan() else f"{loss.item():g}"


def epsilon_of_adam() -> str:
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.full((1,), 1e-6, dtype=torch.float64)
    torch.optim.Adam([weight], lr=1.0, eps=1e-6).step()
    return "added after the correction" if abs(weight.item() + 0.5) < 0.01 else "added before it"


def weight_decay_of_sgd() -> str:
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.5, momentum=0.5, weight_decay=0.1)
    for _ in range(2):
        weight.grad = torch.zeros(1, dtype=torch.float64)
        optimizer.step()
    return "apart from it" if abs(weight.item() - 0.95**2) < 1e-9 else "part of the gradient"


def slope_of_leaky_relu() -> str:
    return f"{-functional.leaky_relu(torch.tensor(-1.0)).item():g}"


def gelu_by_default() -> str:
    exact = functional.gelu(torch.tensor(1.0, dtype=torch.float64)).item()
    return "erf" if abs(exact - 0.8413447460685429) < 1e-6 else "tanh"


def derivative_of_relu_at_0() -> str:
    x = torch.zeros((), requires_grad=True)
    functional.relu(x).backward()
    assert x.grad is not None
    return f"{x.grad.item():g}"


def derivative_of_maximum_at_a_tie() -> str:
    x = torch.zeros((), requires_grad=True)
    torch.maximum(x, torch.zeros(())).backward()
    assert x.grad is not None
    return f"{x.grad.item():g}"
