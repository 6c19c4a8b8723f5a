"""PyTorch's max_pool gradient writes outside its row where a dilated window sees only padding.

The window of two values, three apart, lies on padding on both sides of a row of two: it has no
largest value, and its gradient belongs nowhere. It comes out in the next row; with other shapes it
is written past the end of the array, and the process dies. Needs PyTorch only; exits with 1 where
the finding shows. That such a window gives -inf is https://github.com/pytorch/pytorch/issues/114216.
"""

import sys

import torch

x = torch.zeros(1, 1, 2, 2, requires_grad=True)
result = torch.nn.functional.max_pool2d(x, (1, 2), stride=1, padding=(0, 1), dilation=(1, 3))
gradient = torch.zeros_like(result)
gradient[0, 0, 0, 0] = 1.0
(by_x,) = torch.autograd.grad(result, x, gradient)
print("result", result.tolist(), " gradient", by_x.tolist())
sys.exit(int(bool(by_x[0, 0, 1].any()) or bool(by_x[0, 0, 0].any())))
