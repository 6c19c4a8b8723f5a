"""ncnn copies past its buffers where SAME needs zeros on one axis and less than none on another.

A stride larger than the kernel may leave values over, and the padding computed for that axis is
below zero. If no axis needs zeros, nothing is padded, which is right. If another one does, all the
amounts go to copy_make_border as they are: with a border of -1 in front, the first value is left
out, and with channels in packs of four or eight whole rows are written where no room was made for
them: wrong numbers, or the end of the process by a corrupted heap. Convolutions and pools alike. No
clause is listed as known, since what lies behind a buffer cannot be predicted: GEOM-7, GEOM-8,
LAYER-2, LAYER-3, LAYER-7 and LAYER-8 fail where they meet it. Needs ncnn only; exits with 1 where
the finding shows.
"""

import sys
import tempfile

import ncnn
import numpy as np

# A kernel of 2 x 1 with strides of 1 and 3 over 0, 1, 7 in a row: one window, at 0 and a zero.
net = ncnn.Net()
layer = "Convolution call 1 1 x y 0=1 1=1 11=2 3=3 13=1 4=-233 6=2"
net.load_param_mem(f"7767517\n2 2\nInput input 0 1 x\n{layer}\n")
with tempfile.NamedTemporaryFile() as file:
    file.write(bytes(4) + np.ones(2, "float32").tobytes())
    file.flush()
    net.load_model(file.name)
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(np.array([[[0, 1, 7]]], "float32")).clone())
got = np.array(extractor.extract("y")[1]).ravel()
print("expected: [0.]  got:", got)
sys.exit(int(got.tolist() != [0.0]))
