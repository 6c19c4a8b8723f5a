"""``python -m conformance``: the same as ``pytest conformance``, from any folder."""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main([str(Path(__file__).parent), "--rootdir=.", *sys.argv[1:]]))
