"""Every property that can go over the wire is one that Graph knows, by its metadata and by msgraph-sdk's own models."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import sandbox.exposures
from sandbox.bodies import Takes
from sandbox.expansions import require_relation
from sandbox.exposures.exposure import Exposure
from sandbox.resources import ROUTES
from sandbox.schema import PRIMITIVES, Property, graph_schema
from tests.sandbox.metadata import faults

# The SDK's generated code warns about its own older classes whenever one of its modules is first imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]

# What only Graph's beta knows, of all that is served or accepted.
BETA_ONLY = {
    ("group", "writebackConfiguration"),
    ("servicePrincipal", "samlMetadataUrl"),
    ("signIn", "authenticationDetails"),
    ("signIn", "authenticationMethodsUsed"),
    ("signIn", "authenticationProtocol"),
    ("signIn", "authenticationRequirement"),
    ("signIn", "signInEventTypes"),
}
# Types that only beta properties lead to; the SDK has v1.0 alone.
BETA_TYPES = {"authenticationDetail", "groupWritebackConfiguration"}


def _exposures() -> Iterator[Exposure]:
    for module in pkgutil.iter_modules(sandbox.exposures.__path__):
        for value in vars(importlib.import_module(f"sandbox.exposures.{module.name}")).values():
            if isinstance(value, Exposure):
                yield value


def _derived(type_name: str) -> list[str]:
    """List a type and those derived from it: some objects are created and shown as one of these."""
    return [each for each in graph_schema().types if graph_schema().is_derived(each, type_name)]


def _properties(type_name: str) -> dict[str, Property]:
    schema = graph_schema()
    return {name: each for kind in _derived(type_name) for name, each in schema.properties(kind).items()}


EXPOSURES = list({id(each): each for each in _exposures()}.values())
_ALL = [pytest.param(each, id=f"{each.type_name} {index}") for index, each in enumerate(EXPOSURES)]


@pytest.mark.parametrize("exposure", _ALL)
def test_what_an_exposure_names_is_known_to_graph(exposure: Exposure) -> None:
    schema = graph_schema()
    known = _properties(exposure.type_name)
    named = {*exposure.default, *exposure.further, *exposure.writable, *exposure.create_only, *exposure.searchable}
    assert named - known.keys() == set()
    paths = {*exposure.filterable, *exposure.filterable_advanced, *exposure.sortable, *exposure.sortable_advanced}
    assert [each for each in paths if schema.find_property(exposure.type_name, each) is None] == []
    for name in exposure.expandable:
        relation = require_relation(exposure, name)
        kind = schema.navigation(exposure.type_name)[name].removeprefix("Collection(").removesuffix(")")
        assert (relation.leads_to, bool(relation.exposures())) == (kind, True)
    assert exposure.writable.isdisjoint(exposure.create_only)


@pytest.mark.parametrize("exposure", _ALL)
def test_what_an_exposure_chooses_by_can_be_shown_by_it(exposure: Exposure) -> None:
    paths = {
        *exposure.filterable,
        *exposure.filterable_advanced,
        *exposure.sortable,
        *exposure.sortable_advanced,
        *exposure.searchable,
    }
    assert {each.partition("/")[0] for each in paths} - {*exposure.default, *exposure.further} == set()


@pytest.mark.parametrize("exposure", _ALL)
def test_what_an_exposure_accepts_has_a_type_that_is_checked(exposure: Exposure) -> None:
    known = _properties(exposure.type_name)
    for name in (*exposure.writable, *exposure.create_only):
        assert list(_unchecked(known[name], set())) == []


_ACTIONS = {each.key: each.accepts for each in ROUTES if isinstance(each.accepts, Takes)}


@pytest.mark.parametrize("key", _ACTIONS)
def test_what_an_action_takes_has_a_type_that_is_checked(key: str) -> None:
    for name, kind in _ACTIONS[key].kinds.items():
        inner = kind.removeprefix("Collection(").removesuffix(")")
        assert list(_unchecked(Property(name, inner, collection=inner != kind, nullable=True), set())) == []


def _unchecked(declared: Property, seen: set[str]) -> Iterator[str]:
    schema = graph_schema()
    if declared.type_name in schema.types:
        if declared.type_name not in seen:
            seen.add(declared.type_name)
            for each in _properties(declared.type_name).values():
                yield from _unchecked(each, seen)
    elif declared.type_name not in schema.enums and declared.type_name not in PRIMITIVES:
        yield f"{declared.name} is a {declared.type_name}, which nothing checks"


def test_only_declared_properties_are_graphs_betas() -> None:
    types = graph_schema().types
    assert {
        (owner, each.name) for owner, kind in types.items() for each in kind.properties.values() if each.beta_only
    } == BETA_ONLY


@pytest.mark.parametrize("type_name", sorted({each.type_name for each in EXPOSURES}))
def test_msgraph_sdk_models_what_is_served_and_accepted_with_the_same_types(type_name: str) -> None:
    differing: list[str] = []
    for name in sorted(_reached(type_name, set())):
        fields = _modelled(name)
        for each in graph_schema().properties(name, beta=False).values():
            if each.name not in fields:
                differing.append(f"{name}.{each.name}")
            elif not _reads(each, *fields[each.name]):
                differing.append(f"{name}.{each.name} is read by {fields[each.name][0]}")
    assert differing == []


def _reached(type_name: str, seen: set[str]) -> set[str]:
    """List a type, those derived from it, and all types in what they hold."""
    for kind in _derived(type_name):
        if kind not in seen and kind not in BETA_TYPES:
            seen.add(kind)
            for each in graph_schema().properties(kind, beta=False).values():
                if each.type_name in graph_schema().types:
                    _reached(each.type_name, seen)
    return seen


class _Node:
    """Stands in for a node of an answer and tells how a model reads it."""

    def __init__(self) -> None:
        self.read: tuple[str, tuple[Any, ...]] = ("", ())

    def __getattr__(self, method: str) -> Any:
        def note(*arguments: Any) -> None:
            self.read = (method, arguments)

        return note


def _modelled(type_name: str) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Tell by which method of a node the SDK's model reads each property of a type."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type_name).lower()
    module = importlib.import_module(f"msgraph.generated.models.{words}")
    model = getattr(module, type_name[:1].upper() + type_name[1:])()
    found: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for name, read in model.get_field_deserializers().items():
        node = _Node()
        read(node)
        found[name] = node.read
    return found


_METHODS = {
    "Binary": "get_bytes_value",
    "Boolean": "get_bool_value",
    "Date": "get_date_value",
    "DateTimeOffset": "get_datetime_value",
    "Double": "get_float_value",
    "Duration": "get_timedelta_value",
    "Guid": "get_uuid_value",
    "Int32": "get_int_value",
    "Int64": "get_int_value",
    "Stream": "get_bytes_value",
    "String": "get_str_value",
    "TimeOfDay": "get_time_value",
}


def _reads(declared: Property, method: str, arguments: tuple[Any, ...]) -> bool:
    schema = graph_schema()
    kind = "object" if declared.type_name in schema.types else "enum" if declared.type_name in schema.enums else ""
    if kind and arguments:
        named = arguments[0].__name__
        if named.lower() != declared.type_name.lower():
            return False
    if declared.collection:
        # Flags are read as a collection of their members as well.
        return method == f"get_collection_of_{kind or 'primitive'}_values"
    if kind == "enum":
        return method in {"get_enum_value", "get_collection_of_enum_values"}
    return method == (f"get_{kind}_value" if kind else _METHODS[declared.type_name])


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ({"shoeSize": 44}, "user.shoeSize is not known"),
        ({"userPrincipalName": 3}, "user.userPrincipalName holds int, not String"),
        ({"accountEnabled": "true"}, "user.accountEnabled holds str, not Boolean"),
        ({"assignedLicenses": None}, "user.assignedLicenses is null"),
        ({"otherMails": "a"}, "user.otherMails is str, not String"),
        ({"otherMails": [None]}, "user.otherMails holds NoneType, not String"),
        ({"passwordProfile": {"hint": "sea"}}, "passwordProfile.hint is not known"),
        ({"@odata.type": "#microsoft.graph.group"}, "group is no user"),
        ({"manager": {"@odata.type": "#microsoft.graph.user", "shoeSize": 44}}, "user.shoeSize is not known"),
    ],
)
def test_property_that_graph_does_not_know_is_found_in_an_answer(shown: dict[str, Any], fault: str) -> None:
    assert list(faults("user", shown, beta=False)) == [fault]


def test_property_of_the_beta_is_found_in_an_answer_of_the_other_version() -> None:
    shown = {"writebackConfiguration": {"isEnabled": None}}
    assert list(faults("group", shown, beta=True)) == []
    assert list(faults("group", shown, beta=False)) == ["group.writebackConfiguration is not known"]
