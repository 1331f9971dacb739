"""Many frames of one scene: what varies, who draws, what is done, and what is left."""

import sys

from selfiesim.core.errors import BatchError

if sys.platform == "win32":
    raise BatchError("batches run on Linux and macOS only: the lock on their folder is one of these systems")
