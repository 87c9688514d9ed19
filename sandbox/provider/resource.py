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
        try:
            return self._parsed(state_id)
        except ValueError as error:
            raise Diagnosis(f'parsing "{state_id}": {error}') from error

    def path(self, state_id: str) -> str:
        """Return the id as Graph's address: with the slash that an imported one may lack."""
        return self.of(*self.parts(state_id))

    def label(self, state_id: str) -> str:
        """Return the object as error texts name it: ``User (User: "0000…")``."""
        variables = [step.strip("{}").removesuffix("Id") for step in self._segments if step.startswith("{")]
        parts = zip(variables, self.parts(state_id), strict=True)
        return f"{_spaced(self.title)} (" + "\n".join(f'{_spaced(name)}: "{value}"' for name, value in parts) + ")"

    def _parsed(self, state_id: str) -> list[str]:
        if not state_id:
            raise ValueError("cannot parse an empty string")
        given = state_id.removeprefix("/").split("/")
        expected = len(self._segments)
        if len(given) < expected:
            raise ValueError(self._too_short(state_id))
        for n, step in enumerate(self._segments):
            if not step.startswith("{") and step != given[n]:
                raise ValueError(f'parsing segment "{step}": {self._misfit(state_id, n)}')
        rest = "/".join(given[expected:])
        if rest:
            raise ValueError(f'unexpected segment "{rest}" present at the end of the URI (input "{state_id}")')
        for n in range(expected):
            if not given[n]:
                raise ValueError(self._misfit(state_id, n))
        return [found for step, found in zip(self._segments, given, strict=False) if step.startswith("{")]

    def _too_short(self, state_id: str) -> str:
        wanted = "\n".join(f"* Segment {n} - this should be {self._meaning(n)}" for n in range(len(self._segments)))
        found = "\n".join(f"* Segment {n} - not found" for n in range(len(self._segments)))
        return (
            f"parsing the {self.title} ID: the number of segments didn't match\n\n"
            f"Expected a {self.title} ID that matched (containing {len(self._segments)} segments):\n\n"
            f"> {self._plain}\n\n"
            f"However this value was provided (which was parsed into 0 segments):\n\n> {state_id}\n\n"
            f"The following Segments are expected:\n\n{wanted}\n\nThe following Segments were parsed:\n\n{found}\n"
        )

    def _misfit(self, state_id: str, at: int) -> str:
        return (
            f"parsing the {self.title} ID: the segment at position {at} didn't match\n\n"
            f"Expected a {self.title} ID that matched:\n\n> {self._plain}\n\n"
            f"However this value was provided:\n\n> {state_id}\n\n"
            f"The parsed Resource ID was missing a value for the segment at position {at}\n"
            f"(which should be {self._meaning(at)}).\n\n"
        )

    def _meaning(self, at: int) -> str:
        step = self._segments[at]
        name = step.strip("{}")
        if step.startswith("{"):
            return f'the user specified value for this {name} [for example "{name}"]'
        return f'the literal value "{name}"'

    @property
    def _plain(self) -> str:
        return self.template.replace("{", "").replace("}", "")


# Between words, before the last capital of several, and around digits.
_SEAMS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")


def _spaced(name: str) -> str:
    """Return ``appRoleAssignment`` as ``App Role Assignment``."""
    return _SEAMS.sub(" ", name[:1].upper() + name[1:])


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

    def is_bare(self, name: str) -> bool:
        """Tell whether a block is there and says nothing, which the SDK hands over as no values at all."""
        elements = self._base.get(name)
        if not elements or not isinstance(elements, list):
            return False
        return all(value is None for element in elements for value in element.values())

    def store(self, **found: Any) -> None:
        """Take what the tenant holds; null reads as the type's zero value."""
        self._found.update(found)

    def forget(self) -> None:
        """Say that the tenant does not hold the object any more."""
        self.id = None

    def state(self) -> dict[str, Any]:
        """Return the whole state: what was found, over what was known; nulls inside blocks become zero values."""
        found = self._schema.filled(self._found)
        spoken = {name: self.wanted[name] for name in self._schema.blocks if not self.is_bare(name)}
        known = {**self._base, **spoken}
        merged = {name: found[name] if name in self._found else value for name, value in known.items()}
        return {**merged, "id": self.id}


class Resource(ABC):
    """A managed type."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    schema: ClassVar[Object]
    id_path: ClassVar[IdPath]
    rules: ClassVar[tuple[Rule, ...]] = ()
    minutes: ClassVar[Mapping[str, int]] = {}
    """How long an operation may take by default, where this is not five minutes."""

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

    def address(self, record: Record) -> str:
        """Return the object's path at Graph; an id may have been imported without the slash that it begins with."""
        return self.id_path.path(record.id or "")

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
def failing_as(summary: str, *, path: str = "", spelled_out: bool = False) -> Iterator[None]:
    """Show a refusal, a missing answer or a wait in vain under this summary, ``spelled_out`` with the reason in it."""
    try:
        yield
    except (Refusal, TimeoutError, Unreachable, ValueError) as error:
        raise Diagnosis(f"{summary}: {error}" if spelled_out else summary, error, path=path) from error
