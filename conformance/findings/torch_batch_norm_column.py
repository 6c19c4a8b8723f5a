"""PyTorch's batch_norm has wrong gradients for one column of values whose channels lie together.

A single item of height 4 and width 1 lies in Fortran order, so that its channels are beside each
other. Such a tensor is contiguous with the channels last, as PyTorch counts, though its stride on
the axis of width 1 does not suggest so; and the backward pass on the CPU reads a gradient whose
channels come first by the same steps. The gradients by the input and the weight are wrong, without
a word. With the strides that ``to(memory_format=torch.channels_last)`` makes all is well, and with
the incoming gradient in the same order. Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch

x = torch.tensor([0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0]).reshape(1, 2, 4, 1)
gradient = torch.tensor([1.0, 0.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0]).reshape(1, 2, 4, 1)


def by_input(given: torch.Tensor) -> torch.Tensor:
    given.requires_grad_()
    result = torch.nn.functional.batch_norm(given, None, None, training=True)
    (found,) = torch.autograd.grad(result, given, gradient)
    return found.flatten()


fortran = torch.empty_strided(x.shape, (1, 1, 2, 8)).copy_(x)
expected, got = by_input(x.clone()), by_input(fortran)
print("expected", expected.tolist(), " got", got.tolist())
sys.exit(int(not torch.allclose(expected, got, atol=1e-4)))
