"""PyTorch's max_pool3d sends gradients to another depth, with the channels last, for -inf.

Where all values of a window are minus infinity, its gradient belongs to one of them. It goes to
the window's first value on the last two axes, but always on the first plane of the depth: two
windows of one value each, one behind the other, both send theirs to the first. It is so in the
channels that fill no vector of the processor, here the last of 17 in any dtype; other channels,
arrays with the channels first, and max_pool2d are right. What is predicted is for vectors of 32
bytes (AVX2). Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch

x = torch.full((1, 17, 2, 1, 1), float("-inf"))
x = x.contiguous(memory_format=torch.channels_last_3d).requires_grad_()
torch.nn.functional.max_pool3d(x, 1).sum().backward()
assert x.grad is not None
got = x.grad[0, -1].flatten().tolist()
print("expected the gradient [1.0, 1.0], got", got)
sys.exit(int(got != [1.0, 1.0]))
