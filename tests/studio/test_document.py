"""The scene's text in the studio: changes keep its layout, faults have lines, undo."""

import pytest

from selfiesim.core.errors import SceneError, UserError
from selfiesim.core.limits import STUDIO_TEXT
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import find_scene
from selfiesim.studio.document import Document, find_faults, line_of, parse

TEXT = find_scene("tianwen1-mars").read_text()


def document(text=TEXT):
    return Document(text, "tianwen1-mars", find_scene("tianwen1-mars").parent)


def test_setting_a_key_changes_one_line_and_keeps_comments():
    shot = document()
    shot.set({"camera.roll_deg": 12.5})
    changed = [
        (one, other) for one, other in zip(TEXT.splitlines(), shot.text.splitlines(), strict=True) if one != other
    ]
    assert changed == [("roll_deg = 1", "roll_deg = 12.5")]


def test_a_key_of_a_missing_section_is_added():
    shot = document()
    shot.set({"sky.stars": False})
    assert parse(shot.text, "shot")["sky"] == {"stars": False}
    assert Scene.from_table(parse(shot.text, "shot")).sky.stars is False


def test_none_removes_a_key():
    shot = document()
    shot.set({"camera.roll_deg": None, "camera.mass_kg": None, "mounted.lens": None})
    table = parse(shot.text, "shot")
    assert "roll_deg" not in table["camera"]
    assert "mounted" not in table


def test_an_entry_of_an_array_is_set():
    shot = document()
    shot.set({"camera.place[0]": 0.5})
    assert parse(shot.text, "shot")["camera"]["place"] == [0.5, 0.33]


def test_undo_and_redo_go_through_all_texts():
    shot = document()
    for roll in (10, 20, 30):
        shot.set({"camera.roll_deg": roll})
    texts = [shot.text]
    while shot.can_undo:
        shot.undo()
        texts.append(shot.text)
    assert texts[-1] == TEXT
    assert len(texts) == 4
    while shot.can_redo:
        shot.redo()
    assert shot.text == texts[0]


def test_the_steps_of_a_drag_are_undone_together():
    shot = document()
    for step in range(20):
        shot.set({"camera.roll_deg": step}, "drag 1")
    shot.set({"camera.roll_deg": 99}, "drag 2")
    shot.undo()
    assert "roll_deg = 19" in shot.text
    shot.undo()
    assert shot.text == TEXT


@pytest.mark.parametrize(
    "path",
    [
        "camera.roll_deg.x",
        "title.x",
        "__class__ x",
        "objects[3].model",
        "a" * 300,
        "",
        "camera.place[7]",
        "camera.place.x",
    ],
)
def test_a_path_that_does_not_fit_is_refused(path):
    with pytest.raises(SceneError):
        document().set({path: 1})


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(SceneError, match="the limit is"):
        document().replace("#" * (STUDIO_TEXT.value + 1))


# tomlkit's work grows with the square of these: 14 s for 50 kB of dotted keys.
@pytest.mark.parametrize("more", ["y.a{k}.b = 1\n", "[t{k}]\n", "a{k} = [1, 1]\n"])
def test_a_text_of_many_keys_is_changed_as_text_only(more):
    text = "".join(more.format(k=k) for k in range(2500))
    shot = document(text)
    with pytest.raises(SceneError, match="edit this scene as text"):
        shot.set({"camera.roll_deg": 1.0})
    assert shot.text == text


def test_a_character_that_no_file_can_hold_is_refused():
    with pytest.raises(SceneError, match="no file can hold"):
        document().replace(TEXT + "# \ud800")


def test_the_texts_that_can_be_undone_are_bounded():
    shot = document()
    for number in range(250):
        shot.replace(TEXT + f"# {number}" + "#" * 90_000)
    count = 0
    while shot.can_undo:
        shot.undo()
        count += 1
    assert 200 < count < 225


def test_a_fault_has_the_line_of_its_key():
    text = TEXT.replace("roll_deg = 1", "roll_degrees = 1")
    with pytest.raises(SceneError) as error:
        Scene.from_table(parse(text, "shot"), "shot")
    (fault,) = find_faults(text, str(error.value), "shot")
    assert fault.message.startswith("camera.roll_degrees: unknown key; did you mean 'roll_deg'")
    assert text.splitlines()[fault.line - 1] == "roll_degrees = 1"


def test_text_that_is_not_toml_has_the_line_of_the_fault():
    text = TEXT.replace("roll_deg = 1", "roll_deg = = 1")
    with pytest.raises(SceneError) as error:
        parse(text, "shot")
    (fault,) = find_faults(text, str(error.value), "shot")
    assert "roll_deg = =" in text.splitlines()[fault.line - 1]


def test_a_file_that_is_missing_has_the_line_that_names_it(tmp_path):
    text = TEXT.replace('model = "tianwen1-orbiter"', 'model = "none.glb"')
    with pytest.raises(UserError) as caught:
        Scene.from_table(parse(text, "shot"), "shot", tmp_path).view()
    (fault,) = find_faults(text, str(caught.value), "shot")
    assert text.splitlines()[fault.line - 1].startswith('model = "none.glb"')
    assert find_faults(text, "/tmp/other.glb: no such mesh file", "shot")[0].line is None


def test_lines_of_keys_in_arrays_of_tables():
    text = "[[objects]]\nmodel = 'a'\n[[objects]]\nmodel = 'b'\n[objects.place]\nx = 1\n"
    assert line_of(text, "objects[1].model") == 4
    assert line_of(text, "objects.0.model") == 2
    assert line_of(text, "camera.roll_deg") is None


def test_entries_of_an_array_of_tables_are_added_moved_and_removed():
    shot = document()
    for name in ("one", "two"):
        shot.arrange("objects", "add", 0, {"name": name, "model": "ikaros", "offset_m": [0, 0, 9]})
    shot.arrange("objects[1].decals", "add", 0, {"mount": "flag", "image": "a.png", "width_m": 1.0})
    shot.arrange("objects", "raise", 1)
    objects = parse(shot.text, "shot")["objects"]
    assert [each["name"] for each in objects] == ["two", "one"]
    assert [len(each.get("decals", [])) for each in objects] == [1, 0]
    shot.arrange("objects", "remove", 0)
    shot.arrange("objects", "remove", 0)
    assert "objects" not in parse(shot.text, "shot")
    while shot.can_undo:
        shot.undo()
    assert shot.text == TEXT


def test_a_new_table_does_not_come_between_a_section_and_the_comment_above_it():
    shot = document()
    shot.arrange("craft.decals", "add", 0, {"mount": "flag", "image": "a.png", "width_m": 1.0})
    lines = shot.text.splitlines()
    orbit = lines.index("[orbit]")
    assert lines[orbit - 1].startswith("# orbiter's telemetry")
    assert lines.index("[[craft.decals]]") < orbit - 3


@pytest.mark.parametrize("path", ["camera", "title", "objects[0].decals", "camera.size_px", "objects.x.y[0]", ""])
def test_what_is_no_array_of_tables_is_not_arranged(path):
    with pytest.raises(SceneError):
        document().arrange(path, "remove", 0)


def test_a_quoted_key_is_set():
    shot = document()
    shot.set({'assumed."camera.mass_kg"': 'the maker\'s "word"', "assumed.at": None})
    assumed = parse(shot.text, "shot")["assumed"]
    assert assumed["camera.mass_kg"] == 'the maker\'s "word"'
    assert "at" not in assumed
    assert "camera.roll_deg" in assumed


def test_opening_another_scene_is_undone_with_its_name_and_unsaved_text(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    document = Document("a = 1\n", "one", first)
    document.replace("a = 2\n")
    document.open(Document("b = 1\n", "two", second))
    assert (document.text, document.saved, document.name, document.folder) == ("b = 1\n", "b = 1\n", "two", second)
    document.undo()
    assert (document.text, document.saved, document.name, document.folder) == ("a = 2\n", "a = 1\n", "one", first)
    document.undo()
    assert document.text == document.saved
    document.redo()
    document.redo()
    assert (document.text, document.name) == ("b = 1\n", "two")


def test_undoing_after_a_save_keeps_the_name_and_what_the_file_holds(tmp_path):
    document = Document("a = 1\n", "one", tmp_path)
    document.replace("a = 2\n")
    document.mark_saved("mine")
    document.undo()
    assert (document.text, document.saved, document.name) == ("a = 1\n", "a = 2\n", "mine")
    document.redo()
    assert document.text == document.saved
