"""What is shipped: the wheel, its data, its command, and the two commands of the Makefile."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import agent
from agent.cli.doctor import ROOMS
from agent.models import NEEDED
from tests.command import ROOT
from tests.test_cli_start import HEAVY

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_rooms_and_their_data(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {*ROOMS, f"winnow-{agent.__version__}.dist-info"}
    assert {"rubric/english.yaml", "rubric/playbooks/tenacious.yaml", "rubric/playbooks/larkholm.yaml"} <= set(names)
    for room in ROOMS:
        on_disk = {str(p.relative_to(ROOT)) for p in (ROOT / room).rglob("*") if p.is_file() and not {"__pycache__", "reports"} & set(p.parts)}
        assert on_disk <= set(names)
    assert not [name for name in names if name.endswith(".pyc") or name.startswith("experiments/reports/")]


def test_the_wheel_holds_the_embedded_model_as_it_is_listed(wheel: zipfile.ZipFile) -> None:
    sums = dict(reversed(line.split("  ", 1)) for line in wheel.read("agent/models/SHA256SUMS").decode().splitlines())
    assert {"embedded.gguf", *(f"embedded/{name}" for name in (*NEEDED, "README.md"))} <= set(sums)
    for name, expected in sums.items():
        assert hashlib.sha256(wheel.read(f"agent/models/{name}")).hexdigest() == expected, name


def test_the_wheel_names_its_command_version_and_licence(wheel: zipfile.ZipFile) -> None:
    info = f"winnow-{agent.__version__}.dist-info"
    assert "winnow = agent.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"Version: {agent.__version__}" in metadata and "License-Expression: MIT" in metadata
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


def test_the_wheel_works_without_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    code = "import sys; from agent.cli import main; import rubric; assert sys.path[0] in rubric.__file__; sys.exit(main(['playbook', 'validate']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("valid;") == 2


def test_the_core_is_light() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w-]", r)[0].lower().replace("-", "_") for r in requirements}

    project = PROJECT["project"]
    assert names(project["dependencies"]) == {
        "jinja2", "langgraph", "langgraph_checkpoint_sqlite", "numpy", "pydantic", "pyyaml", "rapidfuzz", "rich", "sqlalchemy", "typer", "tzdata",
    }  # fmt: skip
    extras = project["optional-dependencies"]
    assert set(extras) == {"llama", "hf", "train", "unsloth", "gpu", "experiments", "audit", "openai", "postgres", "web", "ray", "dev"}
    assert not names(extras["dev"]) & (set(HEAVY) | {"llama_cpp_python"})
    assert project["requires-python"] == ">=3.11"


def _make(target: str) -> str:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_makefile_has_its_targets() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "lint", "bench", "nightly", "clean"):
        assert f"make {target}" in shown
        assert _make(target)
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_nothing_here_names_one_machine() -> None:
    patterns = re.compile(r"/(?:root|home|work|Users)/|\.pyenv")
    places = [ROOT / n for n in ("README.md", "Makefile", "pyproject.toml", ".ci/run", *(r for r in ROOMS), "examples")]
    files = [f for p in places for f in ([p] if p.is_file() else p.rglob("*")) if f.suffix not in {".pyc", ".gguf", ".safetensors", ""} or f.name in {"Makefile", "run"}]
    assert [str(f) for f in files if f.is_file() and patterns.search(f.read_text("utf-8"))] == []
