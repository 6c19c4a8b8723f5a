"""PyTorch without oneDNN: from 16 images on, a convolution of float32 is no sum of products.

It is computed by NNPACK then, which transforms tiles of the input (an FFT, Winograd's algorithms):
7 times 9 is 62.999996, values near the largest give NaN, and an infinite one spoils its whole tile.
Fifteen images are exact. By design: such algorithms keep a bound on norms only (grade B), which no
documentation of PyTorch says. oneDNN is off where a user switches it off, and where PyTorch was
built without it. No clause is listed as known: those that ask for exact integers fail on
torch-cpu+no_onednn in float32. Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch

images = (torch.arange(80.0) % 19 - 9).reshape(16, 1, 1, 5)
seven = torch.full((1, 1, 1, 1), 7.0)
with torch.backends.mkldnn.flags(enabled=False):
    inexact = {
        count: int((torch.nn.functional.conv2d(images[:count], seven) != 7 * images[:count]).sum())
        for count in (15, 16)
    }
print("inexact integers, by number of images: expected none; got", inexact)
sys.exit(int(any(inexact.values())))
