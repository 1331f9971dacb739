"""Small jobs, and runs of them in child processes that tests can kill."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

SMALL = 'scene = "tianwen1-mars"\nsize = [64, 36]\nsamples = 1\n'


def job_file(folder, count=4, more=""):
    """Write a job of ``count`` small frames, a second apart; ``more`` is further TOML."""
    path = folder / "job.toml"
    path.write_text(f'{SMALL}{more}[vary.time]\nfrom = "release+30s"\nto = "release+{29 + count}s"\nstep_s = 1\n')
    return path


def start_batch(*words, prelude=""):
    """Start ``selfiesim batch`` in a child process."""
    code = f"{prelude}\nfrom selfiesim.cli.app import main\nif __name__ == '__main__': main()"
    command = [sys.executable, "-c", code, "batch", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_batch(*words, prelude=""):
    """Run ``selfiesim batch`` in a child process; return exit code, standard output and standard error."""
    process = start_batch(*words, prelude=prelude)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def digests(folder):
    """Return the SHA-256 of every file of every frame."""
    files = sorted(path for path in folder.glob("frames/*/*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def records(folder):
    """Return the records in the manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_bytes().splitlines() if line.endswith(b"}")]
