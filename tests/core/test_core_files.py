"""Atomic file writes, and the locations of cache and user data."""

from __future__ import annotations

import threading

import pytest

from selfiesim.core import files
from selfiesim.core.errors import OutputError


def file_names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_only_when_complete(tmp_path):
    target = tmp_path / "deep" / "er" / "picture.png"
    with files.atomic_write(target) as temporary:
        temporary.write_bytes(b"half")
        assert not target.exists()
        assert temporary.parent == target.parent  # a rename across file systems would copy
        assert temporary.suffix == target.suffix  # writers choose the format from it
    assert target.read_bytes() == b"half"
    assert file_names(target.parent) == ["picture.png"]


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path):
    target = tmp_path / "picture.png"
    target.write_bytes(b"old")

    def write_half():
        with files.atomic_write(target) as temporary:
            temporary.write_bytes(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert target.read_bytes() == b"old"
    assert file_names(tmp_path) == ["picture.png"]


def test_a_full_disk_is_reported_with_the_file_name(tmp_path):
    target = tmp_path / "picture.png"
    with pytest.raises(OutputError, match="No space left") as caught, files.atomic_write(target):
        raise OSError(28, "No space left on device")
    assert str(caught.value).startswith(f"{target}: ")
    assert file_names(tmp_path) == []


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "picture.png", tmp_path / "file" / "deeper" / "picture.png"):
        with pytest.raises(OutputError) as caught, files.atomic_write(target):
            pytest.fail("the block must not be entered")
        assert str(caught.value).startswith(f"{target}: cannot be written")
    assert file_names(tmp_path) == ["file"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    target = tmp_path / "picture.png"
    target.mkdir()
    with pytest.raises(OutputError, match="cannot be written"), files.atomic_write(target) as temporary:
        temporary.write_bytes(b"new")
    assert file_names(tmp_path) == ["picture.png"]


def test_concurrent_writers_leave_one_complete_file(tmp_path):
    target = tmp_path / "map.npz"
    contents = [bytes([n]) * 100_000 for n in range(8)]
    start = threading.Barrier(len(contents))
    failures = []

    def write(content):
        start.wait()
        for _ in range(20):
            try:
                with files.atomic_write(target) as temporary, temporary.open("wb") as stream:
                    for offset in range(0, len(content), 10_000):
                        stream.write(content[offset : offset + 10_000])
                if target.read_bytes() not in contents:
                    failures.append("read a mixture of two files")
            except (OSError, OutputError) as error:
                failures.append(repr(error))

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert target.read_bytes() in contents
    assert file_names(tmp_path) == ["map.npz"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    target, plain = tmp_path / "picture.png", tmp_path / "plain"
    plain.write_bytes(b"")
    with files.atomic_write(target) as temporary:
        temporary.write_bytes(b"x")
    assert target.stat().st_mode == plain.stat().st_mode


def test_an_environment_variable_sets_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "mine"))
    assert files.cache_dir() == tmp_path / "mine"


def test_the_default_cache_folder_is_the_platforms(tmp_path, monkeypatch):
    import platformdirs

    for unset in (None, ""):
        if unset is None:
            monkeypatch.delenv("SELFIESIM_CACHE", raising=False)
        else:
            monkeypatch.setenv("SELFIESIM_CACHE", unset)
        assert str(files.cache_dir()) == platformdirs.user_cache_dir("selfiesim")


def test_user_data_is_kept_apart_from_the_cache(tmp_path, monkeypatch):
    import platformdirs

    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "mine"))
    assert files.data_dir() == tmp_path / "mine"
    monkeypatch.setenv("SELFIESIM_DATA", "")
    assert str(files.data_dir()) == platformdirs.user_data_dir("selfiesim")
    assert files.data_dir() != files.cache_dir()


@pytest.mark.parametrize(("kind", "suffix"), [("models", ".glb"), ("scenes", ".toml")])
def test_shipped_files_are_found(kind, suffix):
    assert [path for path in files.shipped(kind).iterdir() if path.suffix == suffix]


def test_a_name_that_cannot_be_followed_is_not_within(tmp_path):
    assert files.is_within(tmp_path, tmp_path / "below" / "file")
    assert not files.is_within(tmp_path, tmp_path / ".." / "beside")
    assert not files.is_within(tmp_path, tmp_path / "a\0b")
