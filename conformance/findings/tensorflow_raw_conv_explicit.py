"""TensorFlow: the raw operation Conv goes wrong for explicit padding on three axes.

Its documentation offers "EXPLICIT" for all. On the CPU the convolution of two axes has it; that of
three gives a result of another shape, or ends in a fatal check ("Eigen does not have explicit
padding enum value"). Each call is made in a process of its own. Needs TensorFlow only; exits with 1
where the finding shows.
"""

import subprocess
import sys

CALL = """
import tensorflow as tf

x, filters = tf.ones({x}), tf.ones((1, 1, 1, 1, 1))
settings = dict(strides=[1] * 5, padding="EXPLICIT", explicit_paddings={padding})
print(tuple(tf.raw_ops.Conv(input=x, filter=filters, **settings).shape))
"""
CASES = (
    ((1, 2, 2, 2, 1), [0, 0, 1, 0, 0, 0, 0, 0, 0, 0], "(1, 3, 2, 2, 1)"),
    ((1, 4, 5, 6, 1), [0] * 10, "(1, 4, 5, 6, 1)"),
)

shows = False
for x, padding, expected in CASES:
    script = CALL.format(x=x, padding=padding)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    got = run.stdout.strip() or f"exit code {run.returncode}"
    print(f"x {x}, padding {padding}: expected {expected}, got {got}")
    shows |= got != expected
sys.exit(int(shows))
