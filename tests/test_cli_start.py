"""How the command starts and ends: nothing heavy is loaded, every error is one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.cli import Commands
from rubric.errors import RuleError, WorldError
from tests.command import EXAMPLES, GOOD, PROSPECT, ROOT, winnow

HEAVY = (
    "torch", "transformers", "llama_cpp", "trl", "unsloth", "scipy", "matplotlib", "fastapi", "ray", "langgraph",
    "sqlalchemy", "jinja2", "numpy", "peft", "tokenizers", "httpx", "gguf",
)  # fmt: skip
BLOCKED = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None  # importing it now raises ImportError
from agent.cli import main
status = main(sys.argv[1:])
loaded = [n for n in {HEAVY!r} if sys.modules.get(n) is not None]
sys.exit(f"loaded {{loaded}}" if loaded else status)
"""
SHORT = "import sys; from agent.cli import main; sys.exit(main())"


def _run(code: str, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, timeout=60, check=False, **more
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("check", "--help"),
        ("check", "--prospect", PROSPECT, GOOD),
        ("check", "--prospect", PROSPECT, GOOD, "--explain", "--json"),
        ("check", "--jsonl", str(EXAMPLES / "cases.jsonl")),
        ("rules",),
        ("schema", "verdict"),
        ("playbook", "validate"),
        ("draft", "--help"),
        ("suppress", "--help"),
        ("review", "--help"),
        ("experiment", "--help"),
        ("experiment", "run", "--help"),
        ("experiment", "speed", "--help"),
        ("bench", "--help"),
        ("bench", "validate", "--help"),
    ],
)
def test_no_heavy_module_is_loaded(arguments: tuple[str, ...]) -> None:
    done = _run(BLOCKED, *arguments)
    assert done.returncode == 0, done.stderr


def test_importing_the_rubric_loads_nothing_heavy_and_no_higher_room() -> None:
    rooms = ("agent", "critic", "prompts", "training", "experiments", "typer", "rich")
    code = f"import sys, rubric; sys.exit(str([n for n in {(*HEAVY, *rooms)!r} if n in sys.modules]))"
    assert _run(code).stderr.strip() == "[]"


def test_help_does_not_load_the_rubric() -> None:
    code = "import sys; from agent.cli import main; main(['--help']); sys.exit('rubric' in sys.modules)"
    assert _run(code).returncode == 0


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes((EXAMPLES / "cases.jsonl").read_bytes() * 200)
    command = f'"{sys.executable}" -c "{SHORT}" check --jsonl "{cases}" | head -n 1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def _failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(self: Commands, ctx: Any) -> Any:
        raise error

    monkeypatch.setattr(Commands, "invoke", invoke)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyError("x"), 1, "internal error: KeyError: 'x'; set WINNOW_DEBUG=1 for the traceback"),
        (RecursionError("deep"), 1, "internal error: RecursionError"),
        (WorldError("the disk is\nfull"), 1, "winnow: the disk is full\n"),
        (RuleError("a.b", ValueError("no")), 1, "rule a.b failed with ValueError"),
        (KeyboardInterrupt(), 130, "winnow: interrupted\n"),
    ],
)
def test_every_end_is_one_line(error: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(error, monkeypatch)
    result = winnow("rules")
    assert result.status == status and said in result.err and result.err.count("\n") == 1
    assert "Traceback" not in result.err


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(KeyError("x"), monkeypatch)
    monkeypatch.setenv("WINNOW_DEBUG", "1")
    with pytest.raises(KeyError):
        winnow("rules")


def test_an_output_that_is_not_utf8_gets_escapes() -> None:
    letter = Path(GOOD).read_text("utf-8").replace("Hi Maya", "Hi Maya \u2014 \u4f60")
    code = f"import sys; sys.stdout.reconfigure(encoding='ascii'); {SHORT}"
    done = _run(code, "check", "--prospect", PROSPECT, "-", "--explain", input=letter)
    assert done.returncode in {0, 3, 4} and "Traceback" not in done.stderr
