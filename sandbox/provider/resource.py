"""What a Terraform type is to this provider: its name, its arguments, its id, and which requests make it so.

A type's file subclasses ``Resource`` or ``DataSource``. Its operations get the ``Session`` and a ``Record``: the values
before, the values wanted, and a place to put what the tenant turned out to hold. They know nothing of Terraform's
protocol, of planning or of unknown values; a failing one raises ``Diagnosis``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from sandbox.provider.checks import Rule
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Refusal
from sandbox.provider.planning import Plan
from sandbox.provider.schema import Object
from sandbox.provider.session import Session
from sandbox.provider.transport import Unreachable
from sandbox.provider.values import without_unknown


class IdPath:
    """The form of a type's id in state, such as ``/users/{userId}``."""

    def __init__(self, template: str, *, title: str) -> None:
        self.template = template
        self.title = title
        self._segments = template.strip("/").split("/")

    def of(self, *object_ids: str) -> str:
        """Return the state id for Graph's ids."""
        remaining = iter(object_ids)
        return "/" + "/".join(next(remaining) if step.startswith("{") else step for step in self._segments)

    def parts(self, state_id: str) -> list[str]:
        """Return Graph's ids in a state id; raises ``Diagnosis`` for an id of another form."""
        given = state_id.strip("/").split("/") if state_id.startswith("/") else []
        fits = len(given) == len(self._segments) and all(
            step.startswith("{") or step == found for step, found in zip(self._segments, given, strict=False)
        )
        if not fits:
            raise Diagnosis(self._misfit(state_id, given))
        return [found for step, found in zip(self._segments, given, strict=True) if step.startswith("{")]

    def label(self, state_id: str) -> str:
        """Return the object as error texts name it: ``User (User: "0000…")``."""
        variables = [step.strip("{}").removesuffix("Id") for step in self._segments if step.startswith("{")]
        parts = zip(variables, self.parts(state_id), strict=True)
        return f"{_spaced(self.title)} (" + "\n".join(f'{_spaced(name)}: "{value}"' for name, value in parts) + ")"

    def _misfit(self, state_id: str, given: list[str]) -> str:
        plain = self.template.replace("{", "").replace("}", "")
        many = len(self._segments)
        if len(given) != many:
            return (
                f'parsing "{state_id}": parsing the {self.title} ID: the number of segments didn\'t match\n\n'
                f"Expected a {self.title} ID that matched (containing {many} segments):\n\n> {plain}\n\n"
                f"However this value was provided (which was parsed into {len(given)} segments):\n\n> {state_id}"
            )
        at = next(n for n, step in enumerate(self._segments) if not step.startswith("{") and step != given[n])
        return (
            f'parsing "{state_id}": parsing segment "{self._segments[at]}": parsing the {self.title} ID: the segment '
            f"at position {at} didn't match\n\nExpected a {self.title} ID that matched:\n\n> {plain}\n\n"
            f"However this value was provided:\n\n> {state_id}"
        )


def _spaced(name: str) -> str:
    """Return ``appRoleAssignment`` as ``App Role Assignment``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:1].upper() + name[1:])


class Record:
    """One object in one operation.

    ``wanted`` and ``before`` read null as the type's zero value. ``store`` takes what the tenant holds; an ``id`` means
    that the object exists, none that it does not.
    """

    def __init__(self, schema: Object, prior: dict[str, Any] | None, planned: dict[str, Any]) -> None:
        self._schema = schema
        self._plan = Plan(schema, prior, planned)
        self._base = without_unknown(planned)
        self._found: dict[str, Any] = {}
        self.id: str | None = (prior or {}).get("id")
        self.wanted = schema.filled(self._base)
        self.before = schema.filled(prior)
        self.keeps_prior_on_failure = False

    def changed(self, name: str) -> bool:
        """Tell whether an argument's wanted value differs from the one before."""
        return self._plan.changed(name)

    def configured(self, name: str) -> bool:
        """Tell whether an argument has a value at all, be it false or empty."""
        return self._base.get(name) is not None

    def store(self, **found: Any) -> None:
        """Take what the tenant holds; null reads as the type's zero value."""
        self._found.update(found)

    def forget(self) -> None:
        """Say that the tenant does not hold the object any more."""
        self.id = None

    def state(self) -> dict[str, Any]:
        """Return the whole state: what was found, over what was known; nulls inside blocks become zero values."""
        found = self._schema.filled(self._found)
        known = {**self._base, **{name: self.wanted[name] for name in self._schema.blocks}}
        merged = {name: found[name] if name in self._found else value for name, value in known.items()}
        return {**merged, "id": self.id}


class Resource(ABC):
    """A managed type."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    schema: ClassVar[Object]
    id_path: ClassVar[IdPath]
    rules: ClassVar[tuple[Rule, ...]] = ()

    def check_plan(self, session: Session, plan: Plan) -> None:  # noqa: B027  most types have nothing to check
        """Refuse or refine a plan by what only the whole of it shows."""

    @abstractmethod
    def create(self, session: Session, record: Record) -> None:
        """Make the object, set ``record.id`` as soon as it exists, and store what the tenant then holds."""

    @abstractmethod
    def read(self, session: Session, record: Record) -> None:
        """Store what the tenant holds, or forget the object."""

    def update(self, session: Session, record: Record) -> None:  # noqa: ARG002  for types that have no update
        """Make the object what is wanted."""
        raise Diagnosis(f"{self.name} has no argument that can be changed in place")

    @abstractmethod
    def delete(self, session: Session, record: Record) -> None:
        """Take the object away."""

    def object_id(self, record: Record) -> str:
        """Return Graph's id of the record's object (the last one of its state id)."""
        return self.id_path.parts(record.id or "")[-1]

    def label(self, record: Record) -> str:
        """Return the object as error texts name it."""
        return self.id_path.label(record.id or "")


class DataSource(ABC):
    """A type that is only read."""

    name: ClassVar[str]
    schema: ClassVar[Object]
    rules: ClassVar[tuple[Rule, ...]] = ()

    @abstractmethod
    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes found, ``id`` among them; ``config`` holds null for what is not configured."""


@contextmanager
def failing_as(summary: str, *, path: str = "") -> Iterator[None]:
    """Show a refusal, a missing answer or a wait in vain under this summary."""
    try:
        yield
    except (Refusal, TimeoutError, Unreachable, ValueError) as error:
        raise Diagnosis(summary, error, path=path) from error
