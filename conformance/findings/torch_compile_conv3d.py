"""PyTorch: torch.compile cannot compile a conv3d of a padded input, where sizes are dynamic.

By default they are so from the second shape on. Without the padding, or with two axes, it is
compiled; without torch.compile the answers are right. Needs PyTorch only; exits with 1 where the
finding shows.
"""

import sys

import torch
from torch.nn import functional

x, filters = torch.ones(2, 3, 7, 8, 5), torch.ones(2, 3, 2, 3, 2)
plain = torch.compile(lambda x, w: functional.conv3d(x, w), dynamic=True)
print("without padding:", tuple(plain(x, filters).shape))
padded = torch.compile(
    lambda x, w: functional.conv3d(functional.pad(x, (0, 1, 0, 1, 0, 1)), w), dynamic=True
)
try:
    print("with padding:", tuple(padded(x, filters).shape))
except Exception as error:
    print("with padding:", str(error).splitlines()[0])
    sys.exit(1)
