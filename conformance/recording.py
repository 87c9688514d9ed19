"""Recorded cases as values: read from JSON, one file a case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """One Terraform command, or one act behind Terraform's back, with what was seen."""

    name: str
    command: str | None
    exit_code: int | None
    config: Mapping[str, Any] | None
    env: Mapping[str, str]
    outside: tuple[Mapping[str, Any], ...]
    faults: tuple[Mapping[str, Any], ...]
    requests: tuple[Mapping[str, Any], ...]
    diagnostics: tuple[Mapping[str, Any], ...]
    plan: tuple[Mapping[str, Any], ...] | None
    drift: tuple[Mapping[str, Any], ...] | None
    output_changes: Mapping[str, Any] | None
    state: Mapping[str, Any] | None
    outputs: Mapping[str, Any] | None
    tainted: tuple[str, ...] = ()
    data_read: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A recorded case: the configuration that it starts with, and its steps."""

    name: str
    about: str
    config: Mapping[str, Any]
    steps: tuple[Step, ...]

    def written_out(self) -> Iterator[str]:
        """Yield the whole recording as texts: the ids and times written out in them differ in no other run."""
        yield json.dumps(self.config)
        for step in self.steps:
            yield json.dumps(asdict(step))


def load(path: Path) -> Case:
    """Read a case."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    steps = tuple(_step(item) for item in recorded["steps"])
    return Case(recorded["case"], recorded["about"], recorded["config"], _with_earlier_drift(steps))


def _step(item: Mapping[str, Any]) -> Step:
    return Step(
        name=item["name"],
        command=item["command"],
        exit_code=item.get("exit_code"),
        config=item.get("config"),
        env=item.get("env") or {},
        outside=tuple(item.get("outside") or ()),
        faults=tuple(item.get("faults") or ()),
        requests=tuple(_request(each) for each in item.get("requests") or ()),
        diagnostics=tuple(item.get("diagnostics") or ()),
        plan=_optional_tuple(item.get("plan")),
        drift=_optional_tuple(item.get("resource_drift")),
        output_changes=item.get("output_changes"),
        state=item.get("state"),
        outputs=item.get("outputs"),
        tainted=tuple(item.get("tainted") or ()),
        data_read=item.get("data_read") or {},
    )


def _request(item: Mapping[str, Any]) -> Mapping[str, Any]:
    # Of a body that is no JSON the recording keeps the content type as well.
    body = item.get("body")
    return {**item, "body": re.sub(r"<(\d+) bytes [^>]*>", r"<\1 bytes>", body)} if isinstance(body, str) else item


def _optional_tuple(items: Any) -> tuple[Any, ...] | None:
    return None if items is None else tuple(items)


def _with_earlier_drift(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps with each drift spelled out that the recording only names the earlier step of."""
    known: dict[tuple[str, str], Mapping[str, Any]] = {}
    result = []
    for step in steps:
        spelled = []
        for entry in step.drift or ():
            earlier = entry.get("same_as_in_step")
            whole = known[earlier, entry["address"]] if earlier else entry
            known[step.name, entry["address"]] = whole
            spelled.append(whole)
        drift = None if step.drift is None else tuple(spelled)
        result.append(Step(**{**vars(step), "drift": drift}))
    return tuple(result)
