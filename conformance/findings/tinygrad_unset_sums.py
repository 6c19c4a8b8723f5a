"""tinygrad gives what was in memory where all windows of a convolution lie in padding.

One column between four and one of zeros, under windows of two taps, two apart, that step by three:
neither holds a value of the input, so both sums are zero. tinygrad's compiler sees that nothing is
left to add, and drops the line that sets the sums to zero with it; what it writes was there before,
which may be zero by chance. Rows that remain make it a loop: with one row the result is right. No
clause is listed as known: any may meet such a call by chance. Needs tinygrad only; exits with 1
where the finding shows.
"""

import sys

from tinygrad import Tensor

seen = set()
for dtype in ("float32", "float16", "float64", "float32"):
    x, filters = (Tensor.ones(1, 1, 4, n, dtype=dtype).contiguous() for n in (1, 2))
    result = x.conv2d(filters, stride=(1, 3), dilation=(1, 2), padding=(4, 1, 0, 0))
    seen |= set(result.numpy().ravel().tolist())
print("expected: {0.0}  got:", seen)
sys.exit(int(seen != {0.0}))
