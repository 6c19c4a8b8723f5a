"""PyTorch's avg_pool3d refuses a window larger than the input, though padding makes room for it.

avg_pool2d and max_pool3d take it. Needs PyTorch only; exits with 1 where the finding shows.
"""

import sys

import torch
from torch.nn import functional

print("avg_pool2d:", float(functional.avg_pool2d(torch.ones(1, 1, 1, 1), 2, padding=1)))
try:
    print("avg_pool3d:", float(functional.avg_pool3d(torch.ones(1, 1, 1, 1, 1), 2, padding=1)))
except RuntimeError as error:
    print("avg_pool3d:", error)
    sys.exit(1)
