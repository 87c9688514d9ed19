"""A secret in any place of a plan that is not on the allow list reaches no output."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steward.review.attributes import SHOWN_ATTRIBUTES
from steward.review.review import collect
from tests.review.plans import SITUATIONS, add_thing, after_at, document_of, outputs, review_document, tenant_of
from tests.review.rule_cases import ACCOUNT, APPLICATION, PRINCIPAL

CANARY = "c4nary-Zw9!pQ"
# What a review tells things by, which is no place for a secret.
_NAMES = frozenset(
    {
        "actions", "address", "full_name", "mode", "name", "previous_address", "provider_name", "terraform_version",
        "format_version", "type", "version_constraint", "deposed", "provider_config_key", "references", "depends_on",
    }
)  # fmt: skip  # one name a line would hide the list
Path = tuple[str | int, ...]


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, (*path, index))
    elif isinstance(value, str):
        yield path


def _is_secret_place(document: dict[str, Any], path: Path) -> bool:
    """Return whether a text may be a secret: no name of something, and no value on the allow list."""
    if path[0] in {"format_version", "terraform_version", "timestamp"}:
        return False
    if path[0] in {"resource_changes", "resource_drift"}:
        *_, side = path[:4]
        if side not in {"before", "after"}:
            return False
        kind = document[path[0]][path[1]]["type"]
        attribute = ".".join(str(part) for part in path[4:] if not isinstance(part, int))
        allowed = SHOWN_ATTRIBUTES.get(kind, {})
        return not any(attribute == each or attribute.startswith(f"{each}.") for each in allowed)
    if path[0] == "configuration" and "tenant_id" in path:
        return False
    return path[-1] not in _NAMES and not _NAMES & set(path[-2:-1])


def _put(document: dict[str, Any], path: Path, value: Any) -> None:
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value


def _all_outputs(document: dict[str, Any], situation: str) -> str:
    return "\n".join(outputs(collect([review_document(document, tenant_of(situation))])).values())


PLACES = {
    situation: [path for path in _leaves(document) if _is_secret_place(document, path)]
    for situation in SITUATIONS
    for document in [document_of(situation)]
}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_secret_in_one_place_reaches_no_output(data: st.DataObject) -> None:
    situation = data.draw(st.sampled_from(SITUATIONS))
    path = data.draw(st.sampled_from(PLACES[situation]))
    document = document_of(situation)
    _put(document, path, CANARY)
    assert CANARY not in _all_outputs(document, situation), path


@pytest.mark.parametrize("situation", SITUATIONS)
def test_secrets_in_every_value_of_the_changes_at_once_reach_no_output(situation: str) -> None:
    document = document_of(situation)
    planted = [path for path in PLACES[situation] if path[0] in {"resource_changes", "resource_drift", "prior_state"}]
    for path in planted:
        _put(document, path, CANARY)
    assert planted or situation == "no_change"
    assert CANARY not in _all_outputs(document, situation)


@pytest.mark.parametrize("name", sorted(SHOWN_ATTRIBUTES["azuread_user"]))
@pytest.mark.parametrize("mask", [True, {"user": True}])
def test_value_on_the_allow_list_that_is_marked_as_sensitive_is_hidden(name: str, mask: Any) -> None:
    document = document_of("no_change")
    after_at(document, ACCOUNT)[name] = CANARY
    (change,) = [each["change"] for each in document["resource_changes"] if each["address"] == ACCOUNT]
    change["after_sensitive"] = {name: True} if isinstance(mask, dict) else mask
    change["before_sensitive"] = {}
    assert CANARY not in _all_outputs(document, "no_change")


def test_password_of_every_kind_of_thing_reaches_no_output() -> None:
    document = document_of("no_change")
    after_at(document, ACCOUNT).update(password=CANARY, about_me=CANARY, other_mails=[CANARY])
    after_at(document, APPLICATION).update(password=[{"display_name": CANARY, "value": CANARY}], notes=CANARY)
    after_at(document, PRINCIPAL).update(login_url=f"https://x.example/?key={CANARY}", notes=CANARY)
    add_thing(document, "azuread_application_password.more", value=CANARY, display_name=CANARY)
    add_thing(document, "azuread_application_certificate.more", value=CANARY)
    add_thing(document, "terraform_data.other", input=CANARY, triggers_replace={CANARY: CANARY})
    document["variables"]["secret"] = {"value": CANARY}
    document["output_changes"]["secret"] = {"actions": ["create"], "before": None, "after": CANARY}
    arguments = document["configuration"]["provider_config"]["azuread"]["expressions"]
    arguments["client_secret"] = {"constant_value": CANARY}
    assert CANARY not in _all_outputs(document, "no_change")


def test_redirect_uri_is_shown_without_what_may_be_a_secret() -> None:
    document = document_of("no_change")
    addresses = [
        f"https://x:{CANARY}@h.example/p",
        f"https://h.example/p?code={CANARY}",
        f"https://h.example/p#{CANARY}",
    ]
    after_at(document, APPLICATION)["web"] = [{"redirect_uris": addresses}]
    told = _all_outputs(document, "no_change")
    assert CANARY not in told
    assert "https://h.example/p (and more)" in told


def test_map_whose_keys_are_secrets_is_told_by_the_attribute_alone() -> None:
    document = document_of("no_change")
    after_at(document, APPLICATION)["oauth2_permission_scope_ids"] = {CANARY: "x"}
    assert CANARY not in _all_outputs(document, "no_change")


def test_places_are_more_than_a_few() -> None:
    assert {situation: len(places) > 50 for situation, places in PLACES.items()} == dict.fromkeys(SITUATIONS, True)


def test_planting_is_seen_where_values_are_shown() -> None:
    document = copy.deepcopy(document_of("no_change"))
    after_at(document, ACCOUNT)["display_name"] = CANARY
    assert CANARY in _all_outputs(document, "no_change")
