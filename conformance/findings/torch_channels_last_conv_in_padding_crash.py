"""PyTorch's process ends in a depthwise convolution whose windows all lie in padding.

With the channels last, in float32: an image one value wide with padding of 4 on both sides, filters
of one tap, a stride of 3 and a dilation of 2 has three windows on that axis, none of which holds
the value: with a bias, the result is that bias. PyTorch dies of a segmentation fault in oneDNN,
on processors for which that chooses its brgemm kernels. Without the bias, with a dilation of 1,
with one group or with the channels first, the result is right. No clause is listed as known, for
any may meet such a call. Needs PyTorch only; exits with 1 where the finding shows.
"""

import subprocess
import sys

import torch


def convolve() -> None:
    image = torch.ones(1, 3, 3, 1).contiguous(memory_format=torch.channels_last)
    filters, bias = torch.ones(12, 1, 1, 1), torch.ones(12)
    made = torch.nn.functional.conv2d(
        image, filters, bias, stride=(1, 3), padding=(0, 4), dilation=(1, 2), groups=3
    )
    print(bool((made == 1).all()))


if len(sys.argv) > 1:
    convolve()
    sys.exit()

call = [sys.executable, "-I", __file__, "convolve"]
done = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
print(f"expected the bias of 1 everywhere: True; got exit status {done.returncode}", done.stdout)
sys.exit(int(done.stdout.strip() != "True"))
