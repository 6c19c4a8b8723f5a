"""tinygrad takes a dilation of 0, and multiplies all taps of a filter with one value.

Three taps of 1, 2 and 3 in one place make each value six times as large, and the result as long as
the input. Other libraries refuse a dilation of 0, as tinygrad does a stride of 0. Needs tinygrad
only; exits with 1 where the finding shows.
"""

import sys

from tinygrad import Tensor

x, filters = Tensor([[[1.0, 2.0, 3.0, 4.0]]]), Tensor([[[1.0, 2.0, 3.0]]])
try:
    print("expected an error, got", x.conv2d(filters, dilation=0).numpy().tolist())
except Exception as error:
    print("refused, as it should be:", error)
else:
    sys.exit(1)
