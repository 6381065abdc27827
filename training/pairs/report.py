"""What a file of pairs holds: counts, skips, and how far length predicts the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.lines import as_json
from agent.whole_file import whole_file
from training.pairs.balance import length_of
from training.pairs.pair import Pair


class LengthShown(BaseModel):
    """Of letters, or of verdicts: how many, the correlation, and the share whose chosen side is longer."""

    pairs: int
    correlation: float
    longer: float


class Report(BaseModel):
    """`skipped` are pairs that could not be made, by reason; `dropped` those that gave way to the balance."""

    model_config = ConfigDict(extra="forbid")

    pairs: int
    seed: int
    source: dict[str, int]
    role: dict[str, int]
    failure: dict[str, int]
    author: dict[str, int]
    length: dict[str, LengthShown]
    skipped: dict[str, int] = {}
    dropped: int = 0
    models: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        yield f"{self.pairs} pairs: {_counts(self.source)}; {_counts(self.role)}"
        yield f"failures: {_counts(self.failure)}"
        for name, length in self.length.items():
            yield f"length of {length.pairs} {name}: correlation with the label {length.correlation:+.3f}, the chosen side is the longer one in {length.longer:.0%}"
        yield f"left out to balance length, beyond the count, or by the audit: {self.dropped}"
        for reason, count in sorted(self.skipped.items(), key=lambda item: (-item[1], item[0])):
            yield f"skipped {count}: {reason}"


def report(pairs: Sequence[Pair], seed: int, skipped: Mapping[str, int], *, dropped: int, models: Mapping[str, str]) -> Report:
    return Report(
        pairs=len(pairs), seed=seed, source=_sorted(pair.source for pair in pairs), role=_sorted(pair.role for pair in pairs),
        failure=_sorted(failure for pair in pairs for failure in pair.failures), author=_sorted(pair.author for pair in pairs),
        length=dict(_lengths(pairs)), skipped=dict(skipped), dropped=dropped, models=dict(models),
    )  # fmt: skip


def _lengths(pairs: Sequence[Pair]) -> Iterator[tuple[str, LengthShown]]:
    for name, judge in (("letters", False), ("verdicts", True)):
        some = [pair for pair in pairs if (pair.role == "judge") == judge]
        if some:
            found = length_of(some)
            yield name, LengthShown(pairs=len(some), correlation=round(found.correlation, 4), longer=round(found.longer, 4))


def place_of(pairs: str | Path) -> Path:
    """Where the report of a file of pairs lies."""
    path = Path(pairs)
    return path.with_name(f"{path.stem}.report.json")


def write_report(path: str | Path, found: Report) -> None:
    with whole_file(place_of(path)) as file:
        file.write(as_json(found.model_dump(mode="json"), indented=True) + b"\n")


def read_report(path: str | Path) -> Report | None:
    """The report beside a file of pairs; None where there is none that can be read."""
    try:
        return Report.model_validate_json(place_of(path).read_bytes())
    except (OSError, ValidationError):
        return None


def _sorted(values: Iterator[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _counts(table: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in table.items()) or "none"


__all__ = ["LengthShown", "Report", "place_of", "read_report", "report", "write_report"]
