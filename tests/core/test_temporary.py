"""Temporary files and folders: gone after a kill at the next start, and never taken from a process that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.core.temporary import temporary_file, temporary_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there, and nothing is removed")

WRITER = """
import sys, time
from pathlib import Path
from selfiesim.core.temporary import temporary_file, temporary_folder
with temporary_file(Path(sys.argv[1])) as file, temporary_folder(Path(sys.argv[1]).parent, ".bop-") as folder:
    file.write_text("half")
    (folder / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that is writing ``film.mp4``, and a folder ``.bop-*``."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "film.mp4")], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_what_a_killed_process_left_is_removed_by_the_next_write(writer, tmp_path):
    assert len(left(tmp_path)) == 2
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    with atomic_write(tmp_path / "film.mp4") as path:
        path.write_text("whole")
    with temporary_folder(tmp_path, ".bop-"):
        pass
    assert left(tmp_path) == []
    assert (tmp_path / "film.mp4").read_text() == "whole"


def test_files_of_a_process_that_lives_stay(writer, tmp_path):
    before = left(tmp_path)
    with temporary_file(tmp_path / "film.mp4"), temporary_folder(tmp_path, ".bop-"):
        pass
    assert left(tmp_path) == before


def test_files_of_other_names_stay(tmp_path):
    for name in (".film-notes.mp4", ".film-0123456789ab.txt", ".other-0123456789ab.mp4", "film-0123456789ab.mp4"):
        (tmp_path / name).write_text("mine")
    with atomic_write(tmp_path / "film.mp4") as path:
        path.write_text("whole")
    assert len(list(tmp_path.iterdir())) == 5


def test_an_error_without_the_systems_words_still_says_why(tmp_path):
    refusal = r"cannot be written \(12 requested and 0 written\)"
    with pytest.raises(OutputError, match=refusal), atomic_write(tmp_path / "a.npz"):
        raise OSError("12 requested and 0 written")  # as numpy does on a full disk
