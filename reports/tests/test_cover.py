"""The README's picture shows what the reference computes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from reports.cover import FILE, drawn


def test_the_picture_is_up_to_date() -> None:
    with Image.open(FILE) as picture:
        found = np.asarray(picture.convert("RGB"))
    assert np.array_equal(found, drawn()), "run python -m reports.cover"
