"""PyTorch's batch_norm has wrong gradients by its input where the weight is not contiguous.

On the CPU, where the input and the incoming gradient are contiguous and the weight is a view with a
step, the backward pass takes the weight for contiguous, and reads what lies between its values and
past their end. The result, and the other gradients, are right. An input with height and width of 1
shows it, as does one with the channels last. What is read can not be predicted; LAYER-23 fails on
`torch-cpu+channels_last`. Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch

x = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.float64).reshape(2, 2, 1, 1)
gradient = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64).reshape(2, 2, 1, 1)


def by_input(weight: torch.Tensor) -> torch.Tensor:
    """With an epsilon of the size of the variance, so that the gradients are not small."""
    given = x.clone().requires_grad_()
    result = torch.nn.functional.batch_norm(given, None, None, weight, training=True, eps=1.0)
    (found,) = torch.autograd.grad(result, given, gradient)
    return found.flatten()


strided = torch.tensor([2.0, 1e9, 3.0, 1e9], dtype=torch.float64)[::2]
expected, got = by_input(strided.contiguous()), by_input(strided)
print("expected", expected.tolist(), " got", got.tolist())
sys.exit(int(not torch.allclose(expected, got)))
