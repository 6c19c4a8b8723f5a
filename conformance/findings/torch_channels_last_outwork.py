"""PyTorch dies of a convolution whose channels lie last, where windows lie in padding alone.

Three images of 3 x 1 values in 6 channels, in 3 groups, meet filters of 1 x 1 with a stride of 2,
a dilation of 2 and a padding of 3 on the second axis: the process ends by a segmentation fault, in
oneDNN's brgemm_convolution_fwd_t::perform_outwork. With the channels first it gives the bias, as it
should. Only some of such calls end it: MEM-2 and GRAD-12 expect it now and then; others fail on
torch-cpu+channels_last. Needs PyTorch only; exits with 1 where the finding shows.
"""

import subprocess
import sys

import torch


def correlate() -> None:
    images = torch.ones(3, 6, 3, 1).to(memory_format=torch.channels_last)
    settings = {"stride": (4, 2), "padding": (0, 3), "dilation": (1, 2), "groups": 3}
    torch.nn.functional.conv2d(images, torch.ones(9, 2, 1, 1), torch.ones(9), **settings)


if sys.argv[1:] == ["correlate"]:
    correlate()
    sys.exit()

code = subprocess.run([sys.executable, "-I", __file__, "correlate"]).returncode
print("expected the exit status 0; got", code, "(a negative one is a signal)")
sys.exit(int(code != 0))
