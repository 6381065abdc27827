"""Lower floors know nothing of higher ones, and heavy modules stay inside what needs them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.test_cli_start import HEAVY

FLOORS = {"rubric": 1, "critic": 2, "prompts": 2, "agent": 3, "agent.cli": 4, "experiments": 4, "training": 4}
# Files that are about one heavy dependency import it at the top; whoever needs them imports them late.
ABOUT = {
    "agent/backbones/hf.py": {"torch", "transformers"},
    "agent/backbones/hf_model.py": {"torch", "transformers"},
    "agent/backbones/hf_run.py": {"torch", "transformers"},
    "agent/backbones/llama_native.py": {"llama_cpp", "numpy"},
    "agent/backbones/llama_run.py": {"numpy"},
    "agent/backbones/llama_sampler.py": {"numpy"},
    "agent/graph.py": {"langgraph"},
    "agent/steps.py": {"langgraph"},
    "agent/store.py": {"sqlalchemy"},
    "agent/store_database.py": {"sqlalchemy"},
    "agent/store_forget.py": {"sqlalchemy"},
    "agent/store_schema.py": {"sqlalchemy"},
    "experiments/stats/comparing.py": {"scipy"},
    "experiments/stats/planning.py": {"numpy", "scipy"},
    "experiments/stats/draws.py": {"numpy"},
    "experiments/stats/spread.py": {"numpy", "scipy"},
    "training/backbone/model.py": {"torch"},
    "training/backbone/training.py": {"torch"},
    "training/backbone/watch.py": {"torch", "transformers"},
    "training/train/callback.py": {"transformers"},
    "training/train/peft_model.py": {"peft", "torch", "transformers"},
    "training/train/trl_trainers.py": {"torch", "transformers", "trl"},
}
# These stand on the ones above, and nobody imports them early either.
BEHIND = {
    "agent/backbones/hf_adapter.py", "agent/backbones/llama.py", "agent/backbones/llama_memory.py", "experiments/bench_speed.py", "experiments/bench_stats.py",
    "experiments/stats/__init__.py", "training/backbone/folder.py",
    "experiments/compare_runs.py", "experiments/run/ending.py", "experiments/run/rows.py", "experiments/run/summary.py", "experiments/run/table.py",
}  # fmt: skip
NEEDED_BY_THE_RUBRIC = {"pydantic", "yaml", "rapidfuzz"}
FILES = sorted(p for room in ("rubric", "critic", "prompts", "agent", "experiments", "training") for p in (ROOT / room).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int | None:
    """The floor of the longest room name that a module belongs to; None for others' modules."""
    rooms = [room for room in FLOORS if module == room or module.startswith(f"{room}.")]
    return FLOORS[max(rooms, key=len)] if rooms else None


def imports(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Every module that a tree imports, with the names that may be modules themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def at_import_time(tree: ast.Module) -> ast.Module:
    """The tree without bodies of functions and without what only a type checker reads."""

    class Prune(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST:
            if ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
                node.body = [ast.Pass()]
            return self.generic_visit(node)

    pruned = Prune().visit(tree)
    assert isinstance(pruned, ast.Module)
    return pruned


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _package(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parent.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_floor_knows_nothing_of_higher_ones(path: Path) -> None:
    own = floor_of(module_of(path))
    assert own is not None
    higher = sorted({name for name in imports(_tree(path), _package(path)) if (floor_of(name) or 0) > own})
    assert higher == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_modules_are_not_imported_at_import_time(path: Path) -> None:
    loaded = {name.split(".")[0] for name in imports(at_import_time(_tree(path)))}
    assert sorted(loaded & set(HEAVY)) == sorted(ABOUT.get(path.relative_to(ROOT).as_posix(), ()))


def test_only_late_imports_lead_to_a_file_about_a_heavy_dependency() -> None:
    about = {module_of(ROOT / name) for name in {*ABOUT, *BEHIND}}
    for path in FILES:
        if path.relative_to(ROOT).as_posix() not in {*ABOUT, *BEHIND}:
            early = set(imports(at_import_time(_tree(path)), _package(path)))
            assert early & about == set(), path


def test_the_rubric_needs_only_what_it_says() -> None:
    import sys

    for path in FILES:
        if module_of(path).startswith("rubric"):
            found = {name.split(".")[0] for name in imports(_tree(path), _package(path)) if name}
            foreign = found - set(sys.stdlib_module_names) - {"rubric"}
            assert foreign <= NEEDED_BY_THE_RUBRIC, path


def test_the_reader_of_imports_sees_every_form() -> None:
    source = "import a.b\nfrom agent import cli\nfrom . import x\nfrom ..y import z\ndef f():\n    import torch\n"
    source += "if TYPE_CHECKING:\n    import numpy\nelse:\n    import jinja2\n"
    tree = ast.parse(source)
    assert {"a.b", "agent.cli", "critic.deep.x", "critic.y", "torch", "numpy"} <= set(imports(tree, "critic.deep"))
    assert {"torch", "numpy"} & set(imports(at_import_time(tree))) == set()
    assert "jinja2" in set(imports(at_import_time(ast.parse(source))))
    assert floor_of("agent.cli.check") == 4 and floor_of("agent.config") == 3 and floor_of("typer") is None
