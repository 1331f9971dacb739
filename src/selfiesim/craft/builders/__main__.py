"""Rebuild a shipped model: ``python -m selfiesim.craft.builders tianwen1-orbiter -o models/tianwen1-orbiter.glb``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from selfiesim.craft.builders import tianwen1_lander, tianwen1_orbiter, zhurong
from selfiesim.errors import UserError
from selfiesim.paths import written_whole

BUILDERS: dict[str, Callable[[], bytes]] = {
    "tianwen1-lander": tianwen1_lander.glb,
    "tianwen1-orbiter": tianwen1_orbiter.glb,
    "zhurong": zhurong.glb,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the named model and write it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m selfiesim.craft.builders", description="Rebuild a shipped model.")
    parser.add_argument("name", choices=sorted(BUILDERS), help="which model")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the GLB file to write")
    given = parser.parse_args(arguments)
    content = BUILDERS[given.name]()
    try:
        with written_whole(given.output) as temporary:
            temporary.write_bytes(content)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{given.output}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
