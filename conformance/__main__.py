"""``python -m conformance``: the same as ``pytest conformance``, from any folder."""

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    folder = Path(__file__).parent
    # Where this is installed below another project, pytest would take the settings of that.
    own = ["--rootdir=.", f"--config-file={os.devnull}", f"--confcutdir={folder}"]
    sys.exit(pytest.main([str(folder), *own, "--strict-markers", *sys.argv[1:]]))
