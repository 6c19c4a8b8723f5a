"""PyTorch corrupts memory in the weight gradient of a strided 1 x 1 convolution, channels last.

Three images of three channels, whose channels lie last in memory, meet eight filters of 1 x 1 with
a stride of 2, in float32 on a processor with AVX2. The gradient by the filters writes past a buffer
(oneDNN, jit_1x1:avx2), and the process dies, sooner or later: by a segmentation fault, or because
the heap is corrupted. Not with 8 channels or a multiple of that, not with the channels first, nor
with oneDNN off. What comes instead cannot be predicted. GRAD-12 expects such calls to go wrong now
and then, but not that the process dies of a later one; GRAD-2, GRAD-3 and GRAD-12 fail on
torch-cpu+channels_last. Needs PyTorch only; exits with 1 where the finding shows.
"""

import os
import subprocess
import sys

import torch


def train() -> None:
    images = torch.ones(3, 3, 6, 6).to(memory_format=torch.channels_last)
    filters = torch.ones(8, 3, 1, 1, requires_grad=True)
    for _ in range(300):
        feature_maps = torch.nn.functional.conv2d(images, filters, stride=2)
        (gradient,) = torch.autograd.grad(feature_maps.sum(), filters)
        assert (gradient == 27.0).all(), gradient.flatten().tolist()


if sys.argv[1:] == ["train"]:
    torch.set_num_threads(1)
    train()
    sys.exit()

avx2 = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
code = subprocess.run([sys.executable, "-I", __file__, "train"], env=avx2).returncode
print("expected the exit status 0; got", code, "(a negative one is a signal)")
sys.exit(int(code != 0))
