"""Run the commands of a tutorial as a reader does, and print how long each takes.

    python design/time_tutorial.py docs/start/designer.md

Each is a process of its own, in a temporary folder. The first run also prepares maps and models in the cache.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(page: str) -> None:
    """Run the commands of a page."""
    text = Path(page).read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for line in lines:
            program, *words = shlex.split(line)
            assert program == "selfiesim", line
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - began
            total += seconds
            print(f"{seconds:6.1f} s  {line}", flush=True)
    print(f"{total:6.1f} s  in all")


if __name__ == "__main__":
    main(sys.argv[1])
