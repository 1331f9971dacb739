"""Small jobs, and runs of them in processes that can be killed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

SMALL = 'scene = "tianwen1-mars"\nsize = [64, 36]\nsamples = 1\n'


def job_file(folder, count=4, more=""):
    path = folder / "job.toml"
    path.write_text(f'{SMALL}{more}[vary.time]\nfrom = "release+30s"\nto = "release+{29 + count}s"\nstep_s = 1\n')
    return path


def started(*words, prelude=""):
    """``selfiesim batch`` in a process group of its own."""
    code = f"{prelude}\nfrom selfiesim.cli.app import main\nif __name__ == '__main__': main()"
    command = [sys.executable, "-c", code, "batch", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(*words, prelude=""):
    process = started(*words, prelude=prelude)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def digests(folder):
    """SHA-256 of every file of every frame."""
    files = sorted(path for path in folder.glob("frames/*/*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def records(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_bytes().splitlines() if line.endswith(b"}")]
