"""Planning as the plugin SDK plans: what is a change, what is unknown, what replaces."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.provider.planning import plan, reconcile
from sandbox.provider.schema import Object, adopted, blocks, computed, one_block, optional, required, top_level
from sandbox.provider.values import BOOL, NUMBER, STRING_SET, STRINGS, UNKNOWN, in_set_order

ELEMENT = Object(attributes={"id": required(), "note": optional(), "enabled": optional(BOOL, default=True)})
SCHEMA = Object(
    attributes={
        "id": adopted(),
        "name": required(),
        "note": optional(),
        "enabled": optional(BOOL, default=True),
        "hidden": optional(BOOL),
        "count": optional(NUMBER),
        "lines": optional(STRINGS),
        "tags": optional(STRING_SET),
        "kind": required(replaces=True),
        "alias": adopted(),
        "result": computed(),
    },
    blocks={
        "part": blocks("set", ELEMENT),
        "web": one_block(Object(attributes={"url": optional()}), droppable=lambda web: not web["url"]),
        "features": one_block(Object(attributes={"hide": optional(BOOL)}), computed=True),
    },
)
CONFIG: dict[str, Any] = {
    **dict.fromkeys(SCHEMA.attributes),
    "name": "a",
    "kind": "x",
    "part": [],
    "web": [],
    "features": [],
}
STATE: dict[str, Any] = {
    "id": "/things/1",
    "name": "a",
    "note": "",
    "enabled": True,
    "hidden": False,
    "count": 0,
    "lines": [],
    "tags": [],
    "kind": "x",
    "alias": "given",
    "result": "r",
    "part": [],
    "web": [{"url": ""}],
    "features": [{"hide": False}],
}
PART = {"id": "1", "note": None, "enabled": None}
KEPT = {"id": "1", "note": "", "enabled": True}


def _proposed(**changes: Any) -> dict[str, Any]:
    """Return what Terraform proposes: the configuration, with the state's values where the tenant decides."""
    return {**CONFIG, "id": "/things/1", "alias": "given", "result": "r", **changes}


def test_creation_leaves_the_tenants_values_unknown_and_fills_defaults_in() -> None:
    planned = plan(SCHEMA, None, CONFIG).planned

    assert {name for name, value in planned.items() if value is UNKNOWN} == {"id", "alias", "result", "features"}
    assert planned["enabled"] is True
    assert planned["note"] is None
    assert planned["web"] == []


def test_update_in_which_only_empty_and_absent_differ_gives_the_prior_state() -> None:
    change = plan(SCHEMA, STATE, _proposed())

    assert change.planned == STATE
    assert change.replaced_by() == []


@pytest.mark.parametrize(
    ("changes", "planned"),
    [
        ({"name": "b"}, {"name": "b"}),
        ({"note": "n"}, {"note": "n"}),
        ({"enabled": False}, {"enabled": False}),
        ({"hidden": True}, {"hidden": True}),
        ({"lines": ["a"]}, {"lines": ["a"]}),
        ({"web": [{"url": "https://a.example/"}]}, {"web": [{"url": "https://a.example/"}]}),
        ({"alias": UNKNOWN}, {"alias": UNKNOWN}),
    ],
)
def test_update_of_one_argument_changes_that_one_alone(changes: dict[str, Any], planned: dict[str, Any]) -> None:
    change = plan(SCHEMA, STATE, _proposed(**changes))

    assert change.planned == {**STATE, **planned}
    assert [name for name in STATE if change.changed(name)] == list(planned)


@pytest.mark.parametrize(
    ("state", "planned"),
    [({"note": "n"}, None), ({"lines": ["a"]}, []), ({"tags": ["a"]}, [])],
)
def test_argument_taken_out_of_the_configuration_is_cleared(state: dict[str, Any], planned: Any) -> None:
    name = next(iter(state))
    assert plan(SCHEMA, {**STATE, **state}, _proposed()).planned[name] == planned


def test_block_that_says_something_is_a_change_when_dropped() -> None:
    state = {**STATE, "web": [{"url": "https://a.example/"}]}
    assert plan(SCHEMA, state, _proposed()).planned["web"] == []


def test_list_with_one_unknown_element_is_unknown_as_a_whole() -> None:
    assert plan(SCHEMA, None, {**CONFIG, "lines": ["a", UNKNOWN]}).planned["lines"] is UNKNOWN


def test_changed_argument_that_replaces_is_named() -> None:
    assert plan(SCHEMA, STATE, _proposed(kind="y")).replaced_by() == ["kind"]


def test_creation_replaces_nothing() -> None:
    assert plan(SCHEMA, None, CONFIG).replaced_by() == []


def test_unset_bool_after_an_import_is_a_change_to_its_default() -> None:
    assert plan(SCHEMA, {**STATE, "enabled": None}, _proposed()).planned["enabled"] is True


def test_set_with_the_same_elements_in_another_order_is_unchanged() -> None:
    state = {**STATE, "tags": ["a", "b"], "part": [KEPT, {**KEPT, "id": "2"}]}
    change = plan(SCHEMA, state, _proposed(tags=["b", "a"], part=[{**PART, "id": "2"}, PART]))
    assert change.planned == state


def test_set_that_gains_an_element_writes_unset_texts_as_the_sdk_does() -> None:
    state = {**STATE, "part": [KEPT]}

    planned = plan(SCHEMA, state, _proposed(part=[PART, {**PART, "id": "2"}])).planned["part"]

    assert planned == [{**KEPT, "note": None}, {**KEPT, "id": "2", "note": ""}]


NESTED = Object(
    attributes={"name": optional(caseless=True)},
    blocks={
        "access": blocks(
            "set",
            Object(
                attributes={"app": required(), "kinds": optional(STRING_SET)},
                blocks={"roles": blocks("list", Object(attributes={"id": required()}))},
            ),
        )
    },
)
ACCESS = {"app": "a", "kinds": ["x", "y"], "roles": [{"id": "1"}, {"id": "2"}]}


def test_list_inside_a_set_keeps_its_order_and_a_set_inside_it_has_none() -> None:
    prior = {"name": None, "access": [ACCESS]}
    respelled = {**ACCESS, "kinds": ["y", "x"]}
    turned = {**ACCESS, "roles": [{"id": "2"}, {"id": "1"}]}

    assert plan(NESTED, prior, {"access": [respelled]}).planned == prior
    assert plan(NESTED, prior, {"access": [turned]}).planned["access"] == [turned]
    assert plan(NESTED, prior, {"access": [turned]}).changed("access")


@pytest.mark.parametrize(("wanted", "planned"), [("GLOBAL READER", "Global Reader"), ("Reader", "Reader")])
def test_name_in_another_letter_case_is_no_change_where_case_does_not_count(wanted: str, planned: str) -> None:
    assert plan(NESTED, {"name": "Global Reader"}, {"name": wanted}).planned["name"] == planned


@pytest.mark.parametrize(("config", "changed"), [({}, False), ({"tags": []}, False), ({"tags": ["a"]}, True)])
def test_argument_changes_with_a_creation_when_it_has_a_value(config: dict[str, Any], changed: bool) -> None:
    assert plan(SCHEMA, None, {**CONFIG, **config}).changed("tags") is changed


def test_set_is_listed_by_its_checksums() -> None:
    assert in_set_order(["profile", "User.Read", "openid"]) == ["openid", "profile", "User.Read"]
    assert SCHEMA.filled({"tags": ["profile", "openid"]})["tags"] == ["openid", "profile"]


COUNTED = Object(
    attributes={"alias": adopted(), "members": adopted(STRING_SET), "phones": adopted(STRINGS)},
    blocks={"ip": one_block(Object(attributes={"ranges": required(STRINGS)}), replaces=True)},
)


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [(["a"], ["b"], []), (["a"], None, ["ip"]), (None, ["a"], ["ip"])],
    ids=["another content", "no block any more", "a block"],
)
def test_block_replaces_when_it_comes_or_goes_and_not_by_its_content(
    before: list[str] | None, after: list[str] | None, replaced: list[str]
) -> None:
    prior, config = ({"ip": [{"ranges": each}] if each else []} for each in (before, after))

    assert plan(COUNTED, prior, config).replaced_by() == replaced


def test_empty_text_or_set_that_the_tenant_decides_is_unknown_at_a_creation_and_an_empty_list_is_not() -> None:
    planned = plan(COUNTED, None, {"alias": "", "members": [], "phones": []}).planned

    assert {name for name, value in planned.items() if value is UNKNOWN} == {"alias", "members"}


def test_empty_set_that_the_tenant_decides_empties_it_and_an_empty_text_keeps_it() -> None:
    prior = {"alias": "a", "members": ["m"], "phones": ["1"], "ip": []}

    planned = plan(COUNTED, prior, {"alias": "", "members": [], "phones": []}).planned

    assert planned == {"alias": "a", "members": [], "phones": [], "ip": []}


@pytest.mark.parametrize(("alias", "minutes"), [("a", "5m"), ("b", "9m")], ids=["alone", "with another change"])
def test_timeouts_are_no_change_by_themselves(alias: str, minutes: str) -> None:
    timed = top_level({"alias": adopted()}, timeouts=("create",))
    prior = {"id": "1", "alias": "a", "timeouts": {"create": "5m"}}

    planned = plan(timed, prior, {"id": "1", "alias": alias, "timeouts": {"create": "9m"}}).planned

    assert planned["timeouts"] == {"create": minutes}


TEXTS = st.none() | st.text(max_size=3)
CONFIGURATIONS = st.fixed_dictionaries(
    {
        "note": TEXTS,
        "enabled": st.none() | st.booleans(),
        "hidden": st.none() | st.booleans(),
        "count": st.none() | st.integers(0, 3),
        "lines": st.none() | st.lists(st.text(max_size=2), max_size=3),
        "tags": st.none() | st.lists(st.text(max_size=2), max_size=3, unique=True),
        "part": st.lists(
            st.fixed_dictionaries({"id": st.sampled_from("123"), "note": TEXTS, "enabled": st.none() | st.booleans()}),
            max_size=2,
            unique_by=lambda part: part["id"],
        ),
    }
)


@given(config=CONFIGURATIONS)
def test_state_that_was_applied_as_planned_needs_no_further_change(config: dict[str, Any]) -> None:
    """Any configuration, applied by a tenant that does as it is told, and planned again: nothing to do."""
    created = plan(SCHEMA, None, {**CONFIG, **config}).planned
    held = SCHEMA.filled({**created, "id": "/things/1", "alias": "given", "result": "r", "features": []})
    state = reconcile(SCHEMA, held, created, applied=True)
    refreshed = reconcile(SCHEMA, held, state, applied=False)

    for prior in (state, refreshed):
        again = plan(SCHEMA, prior, _proposed(**config))
        assert not [name for name in prior if again.changed(name)]


@pytest.mark.parametrize(
    ("name", "found", "known", "reported"),
    [
        ("note", "", None, ""),
        ("lines", [], None, None),
        ("lines", ["a"], None, ["a"]),
        ("tags", ["b"], ["a"], ["a"]),
        ("tags", ["b"], UNKNOWN, ["b"]),
        ("result", "r", UNKNOWN, "r"),
    ],
)
def test_apply_reports_what_was_found_in_the_terms_of_the_plan(
    name: str, found: Any, known: Any, reported: Any
) -> None:
    result = reconcile(SCHEMA, {**STATE, name: found}, {**STATE, name: known}, applied=True)
    assert result[name] == reported


@pytest.mark.parametrize(("name", "found", "known"), [("lines", [], None), ("tags", ["b"], ["a"])])
def test_refresh_reports_what_was_found(name: str, found: Any, known: Any) -> None:
    result = reconcile(SCHEMA, {**STATE, name: found}, {**STATE, name: known}, applied=False)
    assert result[name] == found
