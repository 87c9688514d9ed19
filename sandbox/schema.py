"""What Microsoft Graph's metadata says about types: properties, their kinds, enumerations and navigation.

Read once from Graph's own metadata (data/graph-types.csv) plus the few beta properties that the azuread
provider uses. Request bodies are checked against it and answers are projected through it, so that the sandbox
can neither accept nor serve a name that Graph does not know.
"""

import base64
import binascii
import csv
import functools
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, time
from pathlib import Path
from typing import Any

from sandbox.clock import from_duration, from_stamp
from sandbox.errors import GraphError, malformed
from sandbox.identifiers import is_uuid

_TYPES_FILE = Path(__file__).with_name("data") / "graph-types.csv"
_COLLECTION = re.compile(r"Collection\((.+)\)")
_ANNOTATION = re.compile(r"(.*)@odata\.(\w+)")

# Enumerations whose values are sent as comma-joined flags.
_FLAGS = frozenset(
    {
        "authenticationMethodModes",
        "conditionalAccessGuestOrExternalUserTypes",
        "conditionalAccessTransferMethods",
        "conditionalAccessInsiderRiskLevels",
    }
)

# The member that stands for those to come; no body names it (learn.microsoft.com, "Best practices for working with
# Microsoft Graph", read November 2026).
_SENTINEL = "unknownFutureValue"

# Enumerations that Microsoft's own samples send in other letter cases ("AdminRemove", "AfterDuration", "All").
_ANY_CASE = frozenset(
    {
        "expirationPatternType",
        "scheduleRequestActions",
        "unifiedRoleManagementPolicyRuleTargetOperations",
        "unifiedRoleScheduleRequestActions",
    }
)


@dataclass(frozen=True)
class Property:
    """One property of a Graph type."""

    name: str
    type_name: str
    collection: bool
    nullable: bool
    beta_only: bool = False

    def empty(self) -> object:
        """Tell what Graph shows when nothing was set."""
        return [] if self.collection else None


@dataclass
class GraphType:
    """An entity or complex type with its own and inherited properties."""

    name: str
    base: str
    properties: dict[str, Property] = field(default_factory=dict)
    navigation: dict[str, str] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)


def _single_property(name: str, type_name: str) -> Property:
    return Property(name, type_name, collection=False, nullable=True)


def _inline_collection(name: str, type_name: str) -> Property:
    return Property(name, type_name, collection=True, nullable=False)


def _beta_property(name: str, type_name: str) -> Property:
    return Property(name, type_name, collection=False, nullable=True, beta_only=True)


def _beta_collection(name: str, type_name: str) -> Property:
    return Property(name, type_name, collection=True, nullable=False, beta_only=True)


# Beta properties that the azuread provider or the sign-in log has, and navigation properties that Graph expands in
# place.
_ADDED = (
    ("group", _beta_property("writebackConfiguration", "groupWritebackConfiguration")),
    ("servicePrincipal", _beta_property("samlMetadataUrl", "String")),
    ("conditionalAccessGrantControls", _single_property("authenticationStrength", "authenticationStrengthPolicy")),
    *(
        (f"{method}AuthenticationMethodConfiguration", _inline_collection("includeTargets", target))
        for method, target in (
            ("email", "authenticationMethodTarget"),
            ("fido2", "passkeyAuthenticationMethodTarget"),
            ("microsoftAuthenticator", "microsoftAuthenticatorAuthenticationMethodTarget"),
            ("sms", "smsAuthenticationMethodTarget"),
            ("softwareOath", "authenticationMethodTarget"),
            ("temporaryAccessPass", "authenticationMethodTarget"),
            ("voice", "authenticationMethodTarget"),
        )
    ),
    (
        "authenticationMethodsPolicy",
        _inline_collection("authenticationMethodConfigurations", "authenticationMethodConfiguration"),
    ),
    ("signIn", _beta_collection("authenticationDetails", "authenticationDetail")),
    ("signIn", _beta_collection("authenticationMethodsUsed", "String")),
    ("signIn", _beta_property("authenticationProtocol", "String")),
    ("signIn", _beta_property("authenticationRequirement", "String")),
    ("signIn", _beta_collection("signInEventTypes", "String")),
    *(
        ("authenticationDetail", _single_property(name, type_name))
        for name, type_name in (
            ("authenticationMethod", "String"),
            ("authenticationMethodDetail", "String"),
            ("authenticationStepDateTime", "DateTimeOffset"),
            ("authenticationStepRequirement", "String"),
            ("authenticationStepResultDetail", "String"),
            ("succeeded", "Boolean"),
        )
    ),
    ("groupWritebackConfiguration", _single_property("isEnabled", "Boolean")),
    ("groupWritebackConfiguration", _single_property("onPremisesGroupType", "String")),
)


class Schema:
    """Graph's types and enumerations, by name."""

    def __init__(self, types: Mapping[str, GraphType], enums: Mapping[str, frozenset[str]]) -> None:
        self.types = types
        self.enums = enums

    def properties(self, type_name: str, *, beta: bool = True) -> dict[str, Property]:
        """List a type's own and inherited properties by name."""
        found: dict[str, Property] = {}
        name = type_name
        while name in self.types:
            for each in self.types[name].properties.values():
                if beta or not each.beta_only:
                    found.setdefault(each.name, each)
            name = self.types[name].base
        return found

    def find_property(self, type_name: str, path: str, *, beta: bool = True) -> Property | None:
        """Find a property by its name, or by a path through complex ones, with slashes."""
        name, _, inner = path.partition("/")
        found = self.properties(type_name, beta=beta).get(name)
        if found is None or not inner:
            return found
        return None if found.collection else self.find_property(found.type_name, inner, beta=beta)

    def is_derived(self, type_name: str, base: str) -> bool:
        """Say whether a type is another one or derived from it."""
        while type_name in self.types:
            if type_name == base:
                return True
            type_name = self.types[type_name].base
        return type_name == base

    def navigation(self, type_name: str) -> dict[str, str]:
        """List a type's own and inherited navigation properties with the types they lead to."""
        found: dict[str, str] = {}
        while type_name in self.types:
            found = {**self.types[type_name].navigation, **found}
            type_name = self.types[type_name].base
        return found

    @functools.cached_property
    def segments(self) -> frozenset[str]:
        """List every navigation property and action that Graph knows on any type held here."""
        return frozenset(name for each in self.types.values() for name in {*each.navigation, *each.actions})

    def check(self, type_name: str, body: Mapping[str, Any], *, beta: bool = False) -> None:
        """Refuse by name whatever in a body Graph's metadata does not know or allow."""
        type_name = self._declared_type(type_name, body)
        known = self.properties(type_name, beta=beta)
        for name, value in body.items():
            annotation = _ANNOTATION.fullmatch(name)
            if annotation:
                self._check_annotation(type_name, annotation)
            elif name not in known:
                raise unknown_property(type_name, name)
            else:
                self.check_property(type_name, known[name], value, beta=beta)

    def _declared_type(self, type_name: str, body: Mapping[str, Any]) -> str:
        declared = body.get("@odata.type")
        if declared is None:
            return type_name
        name = str(declared).removeprefix("#microsoft.graph.")
        exact = next((each for each in self.types if each.lower() == name.lower()), name)
        if not self.is_derived(exact, type_name):
            raise malformed(f"Cannot use the type '{declared}' where 'microsoft.graph.{type_name}' is expected.")
        return exact

    def _check_annotation(self, type_name: str, annotation: re.Match[str]) -> None:
        target, kind = annotation.groups()
        if kind == "type" or (kind == "id" and not target):
            return
        bindable = target in self.types[type_name].navigation if type_name in self.types else False
        if kind != "bind" or not bindable:
            raise malformed(
                f"The annotation '{annotation.group(0)}' is not valid on type 'microsoft.graph.{type_name}'."
            )

    def check_property(self, type_name: str, declared: Property, value: object, *, beta: bool = False) -> None:
        """Refuse by name a value that a property cannot hold."""
        if value is None:
            if declared.collection or not declared.nullable:
                raise _wrong_value(type_name, declared, "null")
            return
        if declared.collection != isinstance(value, list):
            raise _wrong_value(type_name, declared, "a collection" if isinstance(value, list) else "a single value")
        for each in value if isinstance(value, list) else [value]:
            self._check_single(type_name, declared, each, beta=beta)

    def _check_single(self, type_name: str, declared: Property, value: object, *, beta: bool) -> None:
        if declared.type_name in self.types:
            if not isinstance(value, dict):
                raise _wrong_value(type_name, declared, _kind(value))
            self.check(declared.type_name, value, beta=beta)
        elif declared.type_name in self.enums:
            # OData writes flags with a space after the comma as well as without.
            flags = [each.strip() for each in str(value).split(",")]
            given = flags if declared.type_name in _FLAGS else [value]
            if not all(self._is_member(declared.type_name, each) for each in given):
                raise _wrong_value(type_name, declared, repr(value))
        elif not PRIMITIVES[declared.type_name](value):
            raise _wrong_value(type_name, declared, _kind(value))

    def _is_member(self, enum: str, value: object) -> bool:
        members = self.enums[enum]
        if not isinstance(value, str) or value == _SENTINEL:
            return False
        return value.lower() in map(str.lower, members) if enum in _ANY_CASE else value in members

    def project(self, type_name: str, record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """Show the named properties of a record, an unset one as null or an empty collection."""
        known = self.properties(type_name)
        shown: dict[str, Any] = {}
        if "@odata.type" in record:
            shown["@odata.type"] = record["@odata.type"]
        for name in names:
            shown[name] = record[name] if name in record else known[name].empty()
        return shown


def unknown_property(type_name: str, name: str) -> GraphError:
    """Refuse a property name that Graph does not know on this type."""
    return malformed(f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'.")


def require_writable(type_name: str, body: Mapping[str, Any], writable: Collection[str]) -> None:
    """Refuse to set a property that Graph sets itself."""
    for name in body:
        if "@odata." not in name and name not in writable:
            raise malformed(f"Property '{name}' is read-only and cannot be set on 'microsoft.graph.{type_name}'.")


def _wrong_value(type_name: str, declared: Property, given: str) -> GraphError:
    kind = f"Collection({declared.type_name})" if declared.collection else declared.type_name
    return malformed(
        f"Cannot convert {given} to the expected type '{kind}' of property '{declared.name}' "
        f"on 'microsoft.graph.{type_name}'."
    )


def _kind(value: object) -> str:
    # The value itself may be a secret, so only its kind is told.
    return f"a value of type {type(value).__name__}"


def _is_moment(value: object) -> bool:
    try:
        # A moment so near the calendar's ends that it has no counterpart in UTC is none that can be compared.
        return isinstance(value, str) and from_stamp(value).astimezone(UTC) is not None
    except (ValueError, OverflowError):
        return False


def _is_duration(value: object) -> bool:
    try:
        return isinstance(value, str) and from_duration(value) is not None
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: object, bits: int) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_time_of_day(value: object) -> bool:
    try:
        return isinstance(value, str) and time.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_binary(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        # OData writes binary values in either alphabet of base64, with or without padding.
        plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
        base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return False
    return True


PRIMITIVES: Mapping[str, Callable[[object], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Int32": lambda value: _is_whole(value, 32),
    "Int64": lambda value: _is_whole(value, 64),
    "Double": _is_number,
    "Guid": is_uuid,
    "DateTimeOffset": _is_moment,
    "Duration": _is_duration,
    "Binary": _is_binary,
    "Date": _is_day,
    "TimeOfDay": _is_time_of_day,
    "Stream": lambda _value: False,  # has an address of its own and stands in no body
}


@functools.cache
def graph_schema() -> Schema:
    """Read Graph's metadata, once a process."""
    types: dict[str, GraphType] = {}
    enums: dict[str, frozenset[str]] = {}
    with _TYPES_FILE.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] == "enum":
                enums[row["type"]] = frozenset(row["property"].split("|"))
            elif row["kind"] == "action":
                types.setdefault(row["type"], GraphType(row["type"], row["base"])).actions.add(row["property"])
            elif row["kind"] in {"entity", "complex", "navigation"}:
                _add_row(types, row)
    for owner, declared in _ADDED:
        types.setdefault(owner, GraphType(owner, "")).properties[declared.name] = declared
    return Schema(types, enums)


def _add_row(types: dict[str, GraphType], row: Mapping[str, str]) -> None:
    graph_type = types.setdefault(row["type"], GraphType(row["type"], row["base"]))
    name = row["property"]
    if not name:
        return
    if row["kind"] == "navigation":
        graph_type.navigation[name] = row["edm_type"]
        return
    collection = _COLLECTION.fullmatch(row["edm_type"])
    type_name = collection.group(1) if collection else row["edm_type"]
    graph_type.properties[name] = Property(name, type_name, collection is not None, row["nullable"] == "yes")
