"""A job in shards: each renders its part, and the merged folder is that of one run; what does not belong is refused."""

from __future__ import annotations

import json
import shlex
import shutil

import pytest
from batch_jobs import SMALL, digests, job_file, records

import selfiesim
from selfiesim.batches.job import Job
from selfiesim.batches.shards import Shard
from selfiesim.batches.vary import Frames
from selfiesim.core.errors import BatchError

LABELS = '[labels]\nformats = ["coco"]\nlayers = "png"\n'


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """A folder with the job, both of its shards, and a run of the whole."""
    folder = tmp_path_factory.mktemp("sharded")
    job = job_file(folder, 3, LABELS)
    list(selfiesim.batch(job, folder / "whole"))
    for index in (1, 2):
        list(selfiesim.batch(job, folder / f"out-{index}-of-2", shard=Shard(index, 2)))
    return folder


def test_shards_are_merged_into_what_one_run_writes(sharded, run, monkeypatch):
    monkeypatch.chdir(sharded)
    assert [len(records(sharded / f"out-{index}-of-2")) for index in (1, 2)] == [2, 1]
    assert not (sharded / "out-1-of-2" / "coco").exists(), "data sets are for the whole job"
    code, out, err = run("batch", "job.toml", "-o", "out", "--merge", "out-1-of-2", "out-2-of-2")
    assert code == 0, err
    assert "3 frames, 3 of them new, 0 failed" in out
    assert digests(sharded / "out") == digests(sharded / "whole")
    ours, theirs = (sorted((sharded / name / "coco").rglob("*.json")) for name in ("out", "whole"))
    assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]
    assert {record["seconds"] for record in records(sharded / "out")} <= {
        record["seconds"] for index in (1, 2) for record in records(sharded / f"out-{index}-of-2")
    }, "nothing was rendered again"


def test_what_no_shard_has_is_rendered(sharded, tmp_path):
    found = list(selfiesim.batch(sharded / "job.toml", tmp_path / "out", merge=[sharded / "out-2-of-2"]))
    assert [frame.is_done for frame in found] == [True] * 3
    assert digests(tmp_path / "out") == digests(sharded / "whole")


def test_a_changed_file_of_a_shard_is_refused(sharded, tmp_path):
    shutil.copytree(sharded / "out-2-of-2", tmp_path / "shard")
    picture = next((tmp_path / "shard").glob("frames/*/*.png"))
    picture.write_bytes(picture.read_bytes()[:-1] + b"x")
    with pytest.raises(BatchError, match="has changed since it was written"):
        list(selfiesim.batch(sharded / "job.toml", tmp_path / "out", merge=[tmp_path / "shard"]))


def test_the_shard_of_another_job_is_refused(sharded, tmp_path):
    (tmp_path / "job.toml").write_text(SMALL.replace("64, 36", "32, 18") + '[vary."camera.roll_deg"]\nvalues = [1.0]\n')
    with pytest.raises(BatchError, match="is not a shard of this job"):
        list(selfiesim.batch(tmp_path / "job.toml", tmp_path / "out", merge=[sharded / "out-1-of-2"]))
    with pytest.raises(BatchError, match="contains another batch"):
        list(selfiesim.batch(sharded / "job.toml", sharded / "out-1-of-2", shard=Shard(2, 2)))


def test_shards_take_turns_and_leave_out_nothing(tmp_path):
    job = Job.load(job_file(tmp_path, 11))
    parts = [[task.number for task in Frames(job, Shard(index, 4))] for index in range(1, 5)]
    assert parts == [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7]]
    assert sum(len(Frames(job, Shard(index, 4))) for index in range(1, 5)) == 11


def test_the_commands_are_those_of_a_shell(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job_file(tmp_path)
    code, out, err = run("batch", "job.toml", "-o", "my frames", "--commands", "3", "--workers", "2")
    assert (code, err) == (0, "")
    first, *_, last = (shlex.split(line) for line in out.splitlines())
    assert len(out.splitlines()) == 4
    assert first == ["selfiesim", "batch", "job.toml", "-o", "my frames-1-of-3", "--shard", "1/3", "--workers", "2"]
    assert last == ["selfiesim", "batch", "job.toml", "-o", "my frames", "--merge", "my frames-*-of-3"]
    assert not (tmp_path / "my frames").exists()


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/9999999"])
def test_a_shard_that_is_none_is_refused(run, tmp_path, text):
    code, _out, err = run("batch", job_file(tmp_path), "-o", tmp_path / "out", f"--shard={text}")
    assert code == 2
    assert "2/8" in err
    assert json.dumps(text)[1:-1] in err
