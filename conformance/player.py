"""Playing a recorded case: each step's Terraform command is run, and what it does is seen.

In: a case, a sandbox that holds what the case starts with, and the CLI configuration of the provider to play with. Out:
one ``Seen`` a step, in the recording's symbols. Nothing is judged here.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conformance.recording import Case, Step
from conformance.symbols import Symbols
from sandbox.provider.attached import VARIABLE

_PLAN_FILE = "tfplan"
_PRINTED = re.compile(r"^(Error|Warning): (.*?)(?=^(?:Error|Warning): |\Z)", re.MULTILINE | re.DOTALL)
_STATE_FILE = "terraform.tfstate"
# How the journal shows a body that is no JSON.
_UNREAD = re.compile(r"\((\d+) bytes that are not JSON\)")
# Seconds; the real provider gives up a server that keeps failing after five minutes.
_LONGEST = 900


class Tenant(Protocol):
    """The sandbox, as far as playing needs it."""

    def journal(self) -> list[dict[str, Any]]:
        """Return the requests since the journal was cleared."""

    def clear_journal(self) -> None:
        """Forget the requests."""

    def prepare_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Let the next requests of certain methods and paths meet these answers, instead of those prepared before."""

    def act(self, method: str, path: str, body: Any) -> None:
        """Do what somebody else does in the tenant, without a permission check."""


@dataclass(frozen=True)
class Seen:
    """What one step did, in symbols."""

    exit_code: int | None
    requests: tuple[Mapping[str, Any], ...]
    diagnostics: tuple[Mapping[str, Any], ...]
    shown: Mapping[str, Any] | None
    """``terraform show -json`` of the saved plan, where there is one."""
    state: Mapping[str, Any]
    outputs: Mapping[str, Any]
    tainted: tuple[str, ...]
    known_before: frozenset[str] = frozenset()
    """The addresses that the state held before the step."""


class Player:
    """Plays one case in one folder, in which ``terraform init`` has run."""

    def __init__(
        self,
        case: Case,
        *,
        tenant: Tenant,
        symbols: Symbols,
        folder: Path,
        environment: Mapping[str, str],
        terraform: str = "terraform",
        attached: str | None = None,
    ) -> None:
        """Play a case; with ``attached``, Terraform uses that provider and starts none (``TF_REATTACH_PROVIDERS``)."""
        self._case = case
        self._tenant = tenant
        self._symbols = symbols
        self._folder = folder
        self._environment = {"TF_IN_AUTOMATION": "1", **environment}
        self._program = terraform
        self._attached = {VARIABLE: attached} if attached else {}
        self._known: frozenset[str] = frozenset()

    def play(self) -> Iterator[tuple[Step, Seen]]:
        """Run every step in order; a step is run when its turn comes."""
        self._configure(self._case.config)
        for step in self._case.steps:
            yield step, self._step(step)

    def _step(self, step: Step) -> Seen:
        if step.faults:
            self._tenant.prepare_faults(self._symbols.actual(step.faults))
        if step.config is not None:
            self._configure(step.config)
        self._tenant.clear_journal()
        for act in step.outside:
            self._tenant.act(act["method"], self._symbols.actual(act["path"]), self._symbols.actual(act["body"]))
        if step.command is None:
            return self._seen(step, None, [])
        (self._folder / _PLAN_FILE).unlink(missing_ok=True) if "-out=" in step.command else None
        command = self._symbols.actual(step.command).removeprefix("terraform ")
        result = self._terraform(command, self._symbols.actual(step.env))
        return self._seen(step, result.returncode, list(_diagnostics(command, result)))

    def _configure(self, config: Mapping[str, Any]) -> None:
        text = json.dumps(self._symbols.actual(config), indent=1)
        (self._folder / "main.tf.json").write_text(text, encoding="utf-8")

    def _terraform(self, command: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *shlex.split(command)],
            cwd=self._folder,
            # An attached provider has an environment of its own; a changed one takes a provider that Terraform starts.
            env={**self._environment, **(environment or self._attached)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )

    def _seen(self, step: Step, exit_code: int | None, diagnostics: list[Mapping[str, Any]]) -> Seen:
        state, outputs, tainted = self._state()
        before, self._known = self._known, frozenset(state)
        self._symbols.learn(state)
        shown = self._shown() if step.command and "-out=" in step.command else None
        symbolic = self._symbols.symbolic
        journal = self._tenant.journal() if step.command else []
        return Seen(
            exit_code=exit_code,
            requests=tuple(symbolic(_request(entry)) for entry in journal),
            diagnostics=tuple(symbolic(item) for item in diagnostics),
            shown=symbolic(shown),
            state=symbolic(state),
            outputs=symbolic(outputs),
            tainted=tainted,
            known_before=before,
        )

    def _shown(self) -> dict[str, Any] | None:
        if not (self._folder / _PLAN_FILE).exists():
            return None
        result = self._terraform(f"show -json {_PLAN_FILE}", {})
        # A plan that failed may leave a file that Terraform cannot read back.
        shown: dict[str, Any] | None = json.loads(result.stdout) if result.returncode == 0 else None
        return shown

    def _state(self) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        file = self._folder / _STATE_FILE
        if not file.exists():
            return {}, {}, ()
        stored = json.loads(file.read_text(encoding="utf-8"))
        state, tainted = {}, []
        for resource in stored["resources"]:
            for instance in resource["instances"]:
                address = _address(resource, instance)
                state[address] = _plain_values(instance["attributes"])
                if instance.get("status") == "tainted":
                    tainted.append(address)
        return state, {name: item["value"] for name, item in stored["outputs"].items()}, tuple(tainted)


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    prefix = "data." if resource["mode"] == "data" else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{json.dumps(key)}]"
    module = f"{resource['module']}." if resource.get("module") else ""
    return f"{module}{prefix}{resource['type']}.{resource['name']}{index}"


def _plain_values(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as ``show`` has them: a value of any type is stored with its type beside it."""
    return {
        name: value["value"] if isinstance(value, dict) and value.keys() == {"type", "value"} else value
        for name, value in attributes.items()
    }


def _request(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": entry["method"],
        "path": entry["path"],
        "query": entry["query"] or None,
        "body": _UNREAD.sub(r"<\1 bytes>", entry["body"]) if isinstance(entry["body"], str) else entry["body"] or None,
        "status": entry["status"],
    }


def _diagnostics(command: str, result: subprocess.CompletedProcess[str]) -> Iterator[dict[str, Any]]:
    if "-json" not in command:
        yield from printed_diagnostics(result.stderr)
    elif command.startswith("validate"):
        yield from (_diagnostic(item) for item in json.loads(result.stdout)["diagnostics"])
    else:
        for line in result.stdout.splitlines():
            message = json.loads(line)
            if message.get("type") == "diagnostic":
                yield _diagnostic(message["diagnostic"])


def printed_diagnostics(text: str) -> Iterator[dict[str, Any]]:
    """Read what `terraform import` and `terraform state` print for people: the summary ends at an empty line."""
    plain = re.sub(r"^[\u2575\u2577\u2502 ] ?", "", text, flags=re.MULTILINE)
    for severity, told in _PRINTED.findall(plain):
        summary, _, detail = told.strip().partition("\n\n")
        yield {"severity": severity.lower(), "summary": summary, "detail": detail, "address": None}


def _diagnostic(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "severity": item["severity"],
        "summary": item["summary"],
        "detail": item.get("detail") or "",
        "address": item.get("address"),
    }
