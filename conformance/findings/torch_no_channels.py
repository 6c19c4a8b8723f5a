"""PyTorch gives a convolution of no input channels a result of no channels, too.

A sum over no channels is 0, so that each of three filters should give a feature map of its bias.
PyTorch answers on the CPU with an empty tensor whose second axis is that of the input, and so with
neither the filters' number nor their bias. Needs PyTorch only; exits with 1 where the finding
shows.
"""

import sys

import torch

x, filters, bias = torch.zeros(2, 0, 5, 5), torch.zeros(3, 0, 3, 3), torch.ones(3)
got = tuple(torch.nn.functional.conv2d(x, filters, bias).shape)
print("expected the shape (2, 3, 3, 3); got", got)
sys.exit(int(got != (2, 3, 3, 3)))
