"""Runs of batches, and how they survive kills, full disks, torn lines, a second run and a changed scene."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
import trimesh
from batch_jobs import SMALL, digests, job_file, records, run_batch, start_batch

import selfiesim
from selfiesim.batches.job import Job
from selfiesim.batches.manifest import is_running, open_manifest, read_records

MINE = """
title = "A scene of one's own"
at = "release+60s"
craft = { model = "tianwen1-orbiter" }
release = { at = "periapsis", mount = "camera", speed_m_s = 0.2 }
[orbit]
epoch_utc = "2021-12-31T13:05:00Z"
semi_major_axis_km = 8898.75
eccentricity = 0.5884
inclination_deg = 86.3
raan_deg = 100.72
arg_periapsis_deg = 57.1
true_anomaly_deg = 32.9
"""


@pytest.fixture
def textured_box():
    """Return a function that writes a scene of a box, with material, texture and description in separate files."""

    def write(folder):
        from PIL import Image

        folder.mkdir(exist_ok=True)
        trimesh.creation.box((2, 1, 1)).export(folder / "plain.obj")
        lines = [line for line in (folder / "plain.obj").read_text().splitlines() if line[:2] in ("v ", "f ")]
        (folder / "plain.obj").unlink()
        first_face = next(number for number, line in enumerate(lines) if line.startswith("f "))
        (folder / "box.obj").write_text(
            "\n".join(["mtllib box.mtl", *lines[:first_face], "usemtl paint", *lines[first_face:]])
        )
        (folder / "box.mtl").write_text("newmtl paint\nKd 0.5 0.5 0.5\nmap_Kd paint.png\n")
        Image.new("RGB", (4, 4), (200, 30, 30)).save(folder / "paint.png")
        (folder / "box.toml").write_text("[mounts.camera]\nposition_m = [1.0, 0, 0]\naxis = [1, 0, 0]\n")
        (folder / "mine.toml").write_text(MINE.replace("tianwen1-orbiter", "box.obj"))

    return write


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The digests of a run to which nothing happens."""
    folder = tmp_path_factory.mktemp("undisturbed")
    list(selfiesim.batch(job_file(folder), folder / "out"))
    return digests(folder / "out")


def test_a_frame_is_an_image_with_its_recipe_and_a_second_run_renders_nothing(tmp_path, run, undisturbed):
    job_file(tmp_path)
    code, out, err = run("batch", "job.toml", "-o", "out")
    assert (code, err) == (0, "")  # no progress bar in a pipe
    assert "4 frames, 4 of them new" in out
    assert digests(tmp_path / "out") == undisturbed
    assert len(undisturbed) == 8
    report = json.loads(run("batch", "job.toml", "-o", "out", "--json")[1])
    assert (report["done"], report["new"], report["failed"]) == (4, 0, 0)
    assert len(records(tmp_path / "out")) == 4
    report = json.loads(run("batch", "--status", "out", "--json")[1])
    assert (report["frames"], report["done"], report["running"]) == (4, 4, False)
    picture = next((tmp_path / "out").glob("frames/*/*.png"))
    assert "the same, bit for bit" in run("replay", picture)[1]


def test_a_plan_is_estimated_from_the_first_frame(tmp_path, run, undisturbed):
    report = json.loads(run("batch", job_file(tmp_path, 100), "--plan", "--json")[1])
    assert report["frames"] == 100
    assert report["total_bytes"] == 100 * report["frame_bytes"]
    assert 0.0 < report["frame_s"] < report["total_s"]
    assert not (tmp_path / "out").exists()


def test_large_frames_are_planned_from_smaller_ones(tmp_path, run, undisturbed, monkeypatch):
    path = job_file(tmp_path, 2)
    whole = json.loads(run("batch", path, "--plan", "--json")[1])
    monkeypatch.setattr("selfiesim.batches.estimate._MEASURED_PIXELS", 2000.0)
    sampled = json.loads(run("batch", path, "--plan", "--json")[1])
    assert sampled["frame_bytes"] != whole["frame_bytes"]
    assert sampled["frame_bytes"] == pytest.approx(whole["frame_bytes"], rel=0.5)
    assert sampled["total_bytes"] == 2 * sampled["frame_bytes"]


def test_a_frame_that_fails_does_not_stop_the_others(tmp_path, run):
    # The limit of a scene is 100 m/s; only the first and last value of an axis are checked before rendering.
    values = '[vary."release.speed_m_s"]\nvalues = [0.2, 1000.0, 0.3]\n'
    (tmp_path / "job.toml").write_text(SMALL + values)
    code, out, err = run("batch", "job.toml", "-o", "out")
    assert code == 1
    assert "2 frames, 2 of them new, 1 failed" in out
    assert "frame 1 failed" in err
    assert "release.speed_m_s" in err
    assert "release.speed_m_s" in (tmp_path / "out" / "index.html").read_text()


def test_a_killed_run_resumes_without_losing_or_repeating_a_frame(tmp_path, undisturbed):
    out = tmp_path / "out"
    process = start_batch(job_file(tmp_path), "-o", out)
    while not (out / "manifest.jsonl").exists() or not records(out):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with (out / "manifest.jsonl").open("ab") as file:
        file.write(b'{"frame": "torn')
    assert len(list(selfiesim.batch(job_file(tmp_path), out))) == 4
    assert digests(out) == undisturbed
    names = [json.loads(line)["frame"] for line in (out / "manifest.jsonl").read_bytes().splitlines() if b"}" in line]
    assert len(names) == len(set(names)) == 4


def test_a_modified_file_is_rendered_again_and_a_copied_folder_is_not(tmp_path, undisturbed):
    out, copy = tmp_path / "out", tmp_path / "copy"
    first = list(selfiesim.batch(job_file(tmp_path), out))
    modified = bytearray(first[2].path.read_bytes())
    modified[len(modified) // 2] ^= 1
    first[2].path.write_bytes(modified)
    again = list(selfiesim.batch(job_file(tmp_path), out))
    assert [frame.name for frame in again if frame.is_new] == [first[2].name]
    assert digests(out) == undisturbed
    shutil.copytree(out, copy, copy_function=shutil.copy)  # as cp does: files are newer than their records
    assert not any(frame.is_new for frame in selfiesim.batch(job_file(tmp_path), copy))


def test_two_runs_cannot_share_a_folder(tmp_path, run):
    path = job_file(tmp_path)
    job = Job.load(path)
    from selfiesim.batches.vary import Frames

    frames = Frames(job)
    with open_manifest(tmp_path / "out", frames.job_description | {"frames": len(frames)}):
        code, _out, err = run("batch", path, "-o", tmp_path / "out")
        assert code == 2
        assert "another run works on it" in err


def test_a_run_may_end_in_another_thread(tmp_path):
    manifest = open_manifest(tmp_path / "out", {"frames": 1})
    manifest.__enter__()
    assert is_running(tmp_path / "out")
    thread = threading.Thread(target=manifest.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert not is_running(tmp_path / "out")


def test_a_folder_with_other_content_is_refused_and_left_as_it_is(tmp_path, run):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    code, _out, err = run("batch", job_file(tmp_path, 1), "-o", "home")
    assert code == 2
    assert "home: contains other files and no batch" in err
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["letter.txt"]


def test_a_changed_job_is_refused_with_the_differences(tmp_path, run):
    list(selfiesim.batch(job_file(tmp_path, 1), tmp_path / "out"))
    code, _out, err = run("batch", job_file(tmp_path, 1, "quality = 'final'\n"), "-o", tmp_path / "out")
    assert code == 2
    assert 'job.quality was missing, is now "final"' in err


def test_an_edited_scene_file_is_refused_with_the_differences(tmp_path, run):
    job = tmp_path / "job.toml"
    job.write_text('scene = "mine.toml"\nsize = [64, 36]\nsamples = 1\n')
    (tmp_path / "mine.toml").write_text(MINE)
    assert run("batch", job, "-o", "out")[0] == 0
    before = digests(tmp_path / "out")
    (tmp_path / "mine.toml").write_text(MINE.replace("speed_m_s = 0.2", "speed_m_s = 0.3"))
    code, _out, err = run("batch", job, "-o", "out")
    assert code == 2
    assert "scene.release.speed_m_s was 0.2, is now 0.3" in err
    assert digests(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["box.obj", "box.mtl", "paint.png", "box.toml"])
def test_a_changed_mesh_or_file_of_a_mesh_is_refused(tmp_path, textured_box, name):
    textured_box(tmp_path)
    job = Job.from_table({"scene": "mine.toml", "size": [64, 36], "samples": 1}, folder=tmp_path)
    list(selfiesim.batch(job, tmp_path / "out"))
    with (tmp_path / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(selfiesim.UserError, match=f"files.{name} was"):
        list(selfiesim.batch(job, tmp_path / "out"))


def test_a_folder_that_is_read_only_is_refused(tmp_path):
    list(selfiesim.batch(job_file(tmp_path, 1), tmp_path / "out"))
    command = [sys.executable, "-m", "selfiesim", "batch", "job.toml", "-o", "out"]
    mounted = ["unshare", "-m", "sh", "-c", 'mount --bind out out && mount -o remount,ro,bind out && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*mounted, "true"], cwd=tmp_path, check=False).returncode:
        pytest.skip("only root can mount")
    done = subprocess.run([*mounted, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "cannot be written (Read-only file system); choose a folder you may write to" in done.stderr


def test_a_full_disk_stops_the_run_and_leaves_no_half_written_file(tmp_path, undisturbed):
    # As on a full disk, the parent's writes past 3 kB fail from the first frame on; those of the worker do not.
    process = start_batch(job_file(tmp_path, 12), "-o", tmp_path / "out", "--workers", 1)
    while not (tmp_path / "out" / "manifest.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.02)
    resource = pytest.importorskip("resource")
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (3000, 3000))
    _out, err = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "cannot be written (File too large)" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "out").glob("frames/*/.*"))
    list(selfiesim.batch(job_file(tmp_path, 12), tmp_path / "out"))
    assert undisturbed.items() <= digests(tmp_path / "out").items()


def test_a_folder_that_cannot_be_created_is_refused(tmp_path, run):
    # Even root cannot write below a file or in /proc.
    (tmp_path / "file").write_text("")
    for place in ("file/out", "/proc/out"):
        code, _out, err = run("batch", job_file(tmp_path), "-o", place)
        assert code == 2
        assert "cannot be written" in err


def test_text_from_a_scene_is_escaped_on_the_page(tmp_path):
    job = {"scene": "tianwen1-mars", "size": [64, 36], "samples": 1, "vary": {"title": {"values": ["<script>x"]}}}
    list(selfiesim.batch(job, tmp_path / "out"))
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;x" in page


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def _done(out):
    return len(records(out)) if (out / "manifest.jsonl").exists() else 0


@pytest.mark.slow
def test_sixty_frames_survive_twenty_kills_of_parent_and_workers(tmp_path):
    rng = random.Random(1)
    path = tmp_path / "job.toml"
    path.write_text(
        'scene = "tianwen1-mars"\nsize = [160, 90]\nsamples = 1\n'
        '[vary.time]\nfrom = "release+30s"\nto = "release+89s"\nstep_s = 1\n'
    )
    list(selfiesim.batch(path, tmp_path / "undisturbed"))
    out = tmp_path / "out"
    for kill in range(20):
        process = start_batch(path, "-o", out, "--workers", 2)
        # Each kill happens during the work: at most three frames after the one before.
        target = _done(out) + rng.randint(0, 3)
        while _done(out) < target and process.poll() is None:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 0.3))
        victims = _children(process.pid) if kill % 2 else [process.pid]
        for victim in rng.sample(victims, min(1, len(victims))):
            with contextlib.suppress(ProcessLookupError):  # it may just have ended by itself
                os.kill(victim, signal.SIGKILL)
        if kill % 2:
            time.sleep(rng.uniform(0.0, 1.0))
            process.kill()
        process.communicate()
    code, output, err = run_batch(path, "-o", out, "--workers", 2)
    assert code == 0, err
    assert "60 frames" in output
    assert digests(out) == digests(tmp_path / "undisturbed")
    assert len(digests(out)) == 120
    names = [record["frame"] for record in records(out) if record["status"] == "done"]
    assert len(names) == len(set(names)) == 60


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["0", "1", "2"])
def test_bytes_do_not_depend_on_workers_or_threads(tmp_path, undisturbed, threads, monkeypatch):
    monkeypatch.setenv("LP_NUM_THREADS", threads)
    code, _out, err = run_batch(job_file(tmp_path), "-o", tmp_path / "out", "--workers", 2)
    assert code == 0, err
    assert digests(tmp_path / "out") == undisturbed


def test_a_scheduler_that_does_not_answer_is_reported(tmp_path):
    pytest.importorskip("distributed")
    from selfiesim.batches.dask_workers import DaskWorkers

    with pytest.raises(selfiesim.UserError, match="no scheduler answers"):
        DaskWorkers("tcp://127.0.0.1:9", 1, tmp_path, [], timeout_s=1.0)


@pytest.mark.slow
def test_dask_gives_the_same_bytes_though_a_worker_is_killed(tmp_path, undisturbed):
    pytest.importorskip("distributed")
    process = start_batch(job_file(tmp_path), "-o", tmp_path / "out", "--dask", "local", "--workers", 2)
    while not (tmp_path / "out" / "manifest.jsonl").exists() or not records(tmp_path / "out"):
        assert process.poll() is None
        time.sleep(0.1)
    pids = [pid for child in _children(process.pid) for pid in (child, *_children(child))]
    os.kill(pids[-1], signal.SIGKILL)
    _out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert digests(tmp_path / "out") == undisturbed


@pytest.mark.slow
def test_a_dask_worker_that_joins_late_renders_too(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        frames = selfiesim.batch(job_file(tmp_path, 60), tmp_path / "out", dask=cluster.scheduler_address)
        next(frames)
        cluster.scale(2)
        assert sum(frame.is_done for frame in frames) == 59
        with distributed.Client(cluster) as client:
            executed = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(executed) == 2
    assert min(executed.values()) > 0


@pytest.mark.slow
def test_dask_workers_receive_the_mesh_of_a_scene_and_its_files(tmp_path, textured_box):
    distributed = pytest.importorskip("distributed")
    from selfiesim.batches.dask_workers import DaskWorkers
    from selfiesim.batches.draw import render_frame
    from selfiesim.batches.vary import Frames

    here, away = tmp_path / "here", tmp_path / "away"
    textured_box(here)
    (here / "job.toml").write_text('scene = "mine.toml"\nsize = [64, 36]\nsamples = 1\n')
    frames = Frames(Job.load(here / "job.toml"))
    expected = render_frame(frames[0])
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        workers = DaskWorkers(cluster.scheduler_address, 1, frames.scene.folder, frames.job_description["files"])
        here.rename(away)
        cluster.scale(2)
        for _ in range(4):
            assert workers.submit(frames[0]).result(timeout=100).files == expected.files
        workers.close(now=False)


@pytest.mark.slow
def test_a_worker_that_takes_too_long_is_stopped_and_its_frame_fails(tmp_path):
    # No worker imports the renderer in a twentieth of a second.
    code, _out, err = run_batch(job_file(tmp_path, 1), "-o", tmp_path / "out", "--workers", 1, "--timeout", 0.05)
    assert code == 1
    assert "frame 0 failed: took too long" in err
    assert records(tmp_path / "out")[0]["tries"] == 3


@pytest.mark.parametrize(
    "change",
    [{"files": {".png": {}}}, {"files": 5}, {"number": None}, {"finished_unix_s": "now"}, {"changes": []},
     {"files": {"/../../../x": {"bytes": 1, "sha256": ""}}}, {"status": "perhaps"}, {"finished_unix_s": 10**400}],
)  # fmt: skip
def test_a_record_that_was_edited_into_something_else_does_not_count(tmp_path, change):
    record = {"frame": "a", "number": 0, "changes": {}, "status": "done", "files": {}, "finished_unix_s": 1.0}
    lines = [json.dumps(record), json.dumps(record | {"frame": "b"} | change), "[" * 100_000]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    assert [each["frame"] for each in read_records(tmp_path)] == ["a"]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"tries": 0}, "1 to 100"),
        ({"tries": 101}, "1 to 100"),
        ({"workers": -1}, "0 to 1024"),
        ({"timeout_s": 0.0}, "more than 0"),
    ],
)
def test_impossible_settings_are_refused(tmp_path, settings, part):
    with pytest.raises(selfiesim.UserError, match=part):
        list(selfiesim.batch({"scene": "tianwen1-mars"}, tmp_path, **settings))
