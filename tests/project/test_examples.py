"""Every example runs as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(script, tmp_path):
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_readme_scene_and_code_work(tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    toml = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "my.toml").write_text(toml)
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace('"tianwen1-mars"', '"my.toml"'), "README.md", "exec"), {})
    assert (tmp_path / "selfie.png").stat().st_size > 100_000
