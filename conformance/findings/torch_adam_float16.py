"""PyTorch's Adam makes NaN of a float16 weight whose gradient is zero.

Adam divides a mean of the gradients by the root of a mean of their squares, and adds an epsilon so
that it does not divide by zero. PyTorch adds it in the dtype of the weight. The customary 1e-8,
which is its own default, is 0 in float16: a weight that has had no gradient yet, as those of an
unused embedding, becomes 0 / 0, and stays NaN. AdamW, NAdam, Adamax, Adagrad and RMSprop do the
same; with fused=True Adam keeps the weight. Needs PyTorch only; exits with 1 where the finding
shows.
"""

import sys

import torch

weight = torch.ones(2, dtype=torch.float16, requires_grad=True)
weight.grad = torch.tensor([0.0, 1.0], dtype=torch.float16)
torch.optim.Adam([weight], lr=0.125).step()
print("expected [1.0, 0.875], got", weight.tolist())
sys.exit(int(weight[0].item() != 1))
