"""PyTorch: torch.compile divides gradients of overhanging average pools by the whole kernel.

With ceil_mode=True and count_include_pad=True, the last of two windows of 3 on 5 values, a stride
of 3 apart, holds two of them. Its average is over two, compiled or not; its gradient is a half for
each, and a third where it is compiled. Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch


def pool(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(x, (3, 1), (3, 1), ceil_mode=True)


gradients = []
for kind, function in ("eager", pool), ("compiled", torch.compile(pool)):
    x = torch.zeros(1, 1, 5, 1, requires_grad=True)
    (gradient,) = torch.autograd.grad(function(x).sum(), x)
    gradients.append(gradient.flatten().tolist())
    print(f"{kind}: {gradients[-1]}")
sys.exit(int(gradients[0] != gradients[1]))
