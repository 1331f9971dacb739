"""Put measured times onto docs/accuracy.md: what `make bench`, `make peers` and benchmarks/batches.py wrote as JSON.

Usage: python tools/speed.py [--bench FILE] [--peers FILE] [--batches FILE] [--memory FILE]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from measured import PAGE, Row, put
from scorecard import filled

# By benchmark: the task, its limit in seconds or none, and what is subtracted from it.
TASKS: dict[str, tuple[str, float | None, str]] = {
    "test_help": ("`selfiesim --help`", 0.3, ""),
    "test_show": ("`selfiesim show tianwen1-mars`", None, ""),
    "test_cold_draft_from_prompt_to_file": ("`selfiesim render tianwen1-mars`, draft, prompt to file", 2.5, ""),
    "test_warm_draft": ("draft frame, warm, spacecraft and camera moving", 0.5, ""),
    "test_planet_alone[planet]": ("planet and atmosphere, less an empty frame", 0.12, "test_planet_alone[empty]"),
    "test_map_build": ("maps of Mars on first use", 10.0, ""),
    "test_warm_final": ("final frame (16 passes, and rays between parts), warm", None, ""),
    "test_expose": ("exposure and development, clean", 0.05, ""),
    "test_expose_onboard": ("the same through lens, sensor and development (look `onboard`)", 0.25, ""),
    "test_save": ("PNG and recipe", None, ""),
    "test_propagating_ten_thousand_releases_to_600_times": ("drift of 10,000 releases at 600 times", 10.0, ""),
    "test_dispersion_of_ten_thousand_releases_with_framing_for_ten_minutes": (
        "the same, plus what each of the 600 seconds frames", 10.0, ""),
    "test_ten_thousand_tumbling_cameras_at_600_times": ("10,000 tumbling cameras at 600 times", None, ""),
}  # fmt: skip
MEMORY_GB = {"test_cold_draft_from_prompt_to_file": 1.5, "test_map_build": 0.8}
RATIOS = {
    "draft / mitsuba16": "draft over Mitsuba 3 with 16 paths",
    "draft / plain_pyvista": "draft over a plain PyVista script (textured sphere, PBR mesh, no shadows)",
    "final / mitsuba64": "final over Mitsuba 3 with 64 paths",
}


def _row(section: str, quantity: str, found: float, limit: float | None, unit: str, by: str, **more: Any) -> Row:
    row = {"section": section, "quantity": quantity, "against": "", "unit": unit, "limit": limit, "by": by}
    return row | {"found": float(f"{found:.3g}")} | more


def bench_rows(document: dict[str, Any]) -> list[Row]:
    """Return the rows of pytest-benchmark's JSON."""
    medians = {each["name"]: each["stats"]["median"] for each in document["benchmarks"]}
    extra = {each["name"]: each["extra_info"] for each in document["benchmarks"]}
    rows = []
    for name, (task, limit, less) in TASKS.items():
        if name in medians:
            seconds = medians[name] - medians.get(less, 0.0)
            rows.append(_row("speed", task, seconds, limit, "s", "make bench"))
        if name in medians and name in MEMORY_GB:
            gigabytes = extra[name]["peak_rss_mb"] / 1024
            rows.append(_row("speed", f"{task}: memory", gigabytes, MEMORY_GB[name], "GB", "make bench"))
    return rows


def peer_rows(document: dict[str, Any]) -> list[Row]:
    """Return the rows of benchmarks/peers.py, with its limits."""
    aims = document["aims"]
    return [
        _row("peers", RATIOS[name], ratio, aims[name], "", "make peers")
        for name, ratio in document["ratios"].items()
        if ratio is not None
    ]


def batch_rows(document: dict[str, Any]) -> list[Row]:
    """Return the rows of benchmarks/batches.py."""
    by, frames = "benchmarks/batches.py", f"{document['frames']:,} frames"
    return [
        _row("batches", "frames of two workers over those of one", document["gain"], 1.7, "", by, least=True),
        _row("batches", f"growth of memory over {frames} in one process", 100 * document["growth"], 5.0, "percent", by),
    ]


def memory_rows(document: dict[str, Any]) -> list[Row]:
    """Return the row of benchmarks/memory.py."""
    growth = 100.0 * document["growth"]
    by = "benchmarks/memory.py"
    return [_row("batches", "growth of memory over 500 frames of changing views", growth, 5.0, "percent", by)]


def main() -> None:
    """Read what was given, and fill the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    readers = {"bench": bench_rows, "peers": peer_rows, "batches": batch_rows, "memory": memory_rows}
    for name in readers:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE")
    options = vars(parser.parse_args())
    for name, reader in readers.items():
        if options[name]:
            put("speed", reader(json.loads(options[name].read_text(encoding="utf-8"))))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
