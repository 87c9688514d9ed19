"""What a request's body may hold, declared beside the route and checked before its handler runs.

A declaration is data: the dispatcher checks bodies against it and the table of routes shows it, so that neither can
say what the other does not do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.errors import bad_request, malformed
from sandbox.exposures.exposure import Exposure
from sandbox.schema import Property, graph_schema, require_writable

Body = Mapping[str, Any]


class Accepted(Protocol):
    """The body that a route takes."""

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:
        """Refuse by name what the body may not hold, and return what it says."""
        ...

    def names(self) -> tuple[str, ...]:
        """List what may stand in the body, for the table of routes."""
        ...


@dataclass(frozen=True)
class Creates:
    """The properties of a new object."""

    exposure: Exposure

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:
        """Refuse by name what a new object cannot be given."""
        return _check_properties(self.exposure, body, self.names(), beta=beta, object_id=object_id)

    def names(self) -> tuple[str, ...]:
        """List what can be set when the object is made."""
        return tuple(sorted(self.exposure.writable | self.exposure.create_only))


@dataclass(frozen=True)
class Changes:
    """The properties of an object that are to change."""

    exposure: Exposure

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:
        """Refuse by name what cannot be changed."""
        return _check_properties(self.exposure, body, self.names(), beta=beta, object_id=object_id)

    def names(self) -> tuple[str, ...]:
        """List what can be changed."""
        return tuple(sorted(self.exposure.writable))


@dataclass(frozen=True)
class ChangesOneOf:
    """The properties of an object that are to change, of one of several kinds as its `@odata.type` says."""

    exposures: tuple[Exposure, ...]

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:
        """Refuse by name what cannot be changed on an object of that kind."""
        declared = str(body.get("@odata.type", "")).removeprefix("#microsoft.graph.")
        for each in self.exposures:
            if each.type_name == declared:
                allowed = tuple(sorted(each.writable))
                return _check_properties(each, body, allowed, beta=beta, object_id=object_id)
        known = ", ".join(f"'#microsoft.graph.{each.type_name}'" for each in self.exposures)
        raise malformed(f"The property '@odata.type' must name one of {known}.")

    def names(self) -> tuple[str, ...]:
        """List what can be changed on any of the kinds."""
        return tuple(sorted({name for each in self.exposures for name in each.writable}))


@dataclass(frozen=True)
class Takes:
    """The parameters of an action, by name, with their Graph types; `Collection(..)` for lists."""

    kinds: Mapping[str, str]

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:  # noqa: ARG002 - the protocol's shape
        """Refuse by name what is no parameter of the action."""
        for name, value in body.items():
            if name not in self.kinds:
                raise malformed(
                    f"The parameter '{name}' in the request payload is not a valid parameter for the operation."
                )
            kind = self.kinds[name].removeprefix("Collection(").removesuffix(")")
            parameter = Property(name, kind, collection=kind != self.kinds[name], nullable=True)
            graph_schema().check_property("parameters", parameter, value)
        return body

    def names(self) -> tuple[str, ...]:
        """List the parameters."""
        return tuple(self.kinds)


@dataclass(frozen=True)
class References:
    """A reference to another object, under `@odata.id`."""

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:  # noqa: ARG002 - the protocol's shape
        """Refuse a body that refers to nothing, or says more than that."""
        for name in body:
            if name not in {"@odata.id", "@odata.type"}:
                raise malformed(f"The property '{name}' does not belong into a reference; send '@odata.id' only.")
        if not isinstance(body.get("@odata.id"), str):
            raise bad_request("Invalid URL format specified in payload: '@odata.id' is missing.")
        return body

    def names(self) -> tuple[str, ...]:
        """List the one annotation."""
        return ("@odata.id",)


@dataclass(frozen=True)
class Content:
    """Bytes of one of several media types instead of JSON, up to a length."""

    kinds: tuple[str, ...]
    longest: int

    def check(self, body: Body, *, beta: bool, object_id: str | None) -> Body:  # noqa: ARG002 - the protocol's shape
        """Pass what comes beside the bytes, which is nothing."""
        return body

    def names(self) -> tuple[str, ...]:
        """List the media types."""
        return self.kinds

    def read(self, kind: str, content: bytes) -> tuple[str, bytes]:
        """Refuse another media type or too many bytes, and return both."""
        bare = kind.partition(";")[0].strip().lower()
        if bare not in self.kinds:
            raise malformed(f"The content type '{kind}' is not supported; send {', '.join(self.kinds)}.")
        if len(content) > self.longest:
            raise bad_request(f"The content has {len(content)} bytes; at most {self.longest} are allowed.")
        return bare, content


NOTHING = Takes({})
REFERENCE = References()


def takes(**kinds: str) -> Takes:
    """Declare the parameters of an action by their Graph types, in a list for `Collection(..)`."""
    return Takes(kinds)


def _check_properties(
    exposure: Exposure, body: Body, allowed: tuple[str, ...], *, beta: bool, object_id: str | None
) -> Body:
    graph_schema().check(exposure.type_name, body, beta=beta)
    # Clients echo the id of the object they address.
    given = {name: value for name, value in body.items() if name != "id" or value != object_id}
    require_writable(exposure.type_name, given, allowed)
    return given
