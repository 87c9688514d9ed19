"""What a configuration may hold: each refusal in the real provider's words, and where Terraform is told to look."""

from typing import Any

import pytest
from tf.gen import tfplugin_pb2 as pb

from sandbox.provider.addresses import parsed
from sandbox.provider.checks import exactly_one_of, is_email, is_rfc3339, is_uuid, not_empty, null_members, violations
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.protocol import Provider
from sandbox.provider.registry import RESOURCES
from sandbox.provider.resources.application import Application
from sandbox.provider.resources.application_federated_identity_credential import FederatedIdentityCredential
from sandbox.provider.resources.service_principal import ServicePrincipal
from sandbox.provider.resources.service_principal_delegated_permission_grant import DelegatedPermissionGrant
from sandbox.provider.schema import Object, blocks, one_block, optional
from sandbox.provider.values import STRING_SET, STRINGS, UNKNOWN, encode

INNER = Object(
    attributes={
        "id": optional(check=is_uuid),
        "names": optional(STRINGS, check=not_empty),
        "kinds": optional(STRING_SET, check=not_empty),
    }
)
OUTER = Object(
    attributes={"list": optional(STRINGS, check=not_empty, min_items=1, max_items=2)},
    blocks={"many": blocks("set", INNER), "one": one_block(INNER)},
)


def _found(schema: Object, **config: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(problem.summary, problem.path) for problem in violations(schema, config)]


def test_value_inside_a_set_is_named_by_its_position_but_found_as_the_set() -> None:
    found = _found(OUTER, many=[{"id": "x", "names": [""]}])

    assert found == [
        ('expected "many.0.id" to be a valid UUID, got x', ("many",)),
        ('expected "many.0.names.0" to not be an empty string, got ', ("many",)),
    ]


def test_value_inside_a_list_is_found_at_its_position() -> None:
    found = _found(OUTER, one=[{"id": "x", "names": ["a", ""], "kinds": [""]}])

    assert [path for _summary, path in found] == [("one", 0, "id"), ("one", 0, "names", 1), ("one", 0, "kinds")]


@pytest.mark.parametrize(
    ("members", "summary"),
    [
        ([], "Not enough list items"),
        (["a", "b", "c"], "Too many list items"),
        (["a", UNKNOWN], None),
        (UNKNOWN, None),
        (None, None),
    ],
)
def test_list_of_the_wrong_length_is_refused_once_and_an_unknown_one_is_not(members: Any, summary: str | None) -> None:
    assert [found for found, _path in _found(OUTER, list=members)] == ([summary] if summary else [])


def test_nulls_in_lists_and_sets_are_refused_when_planning_and_only_then() -> None:
    config = {"list": ["a", None], "one": [{"names": [None], "kinds": [None]}], "many": [{"names": [None]}]}

    assert _found(OUTER, **config) == []
    assert [problem.path for problem in null_members(OUTER, config)] == [
        ("list", 1),
        ("many",),
        ("one", 0, "names", 0),
        ("one", 0, "kinds"),
    ]


@pytest.mark.parametrize("name", RESOURCES)
def test_id_that_is_configured_is_refused_as_an_unknown_key(name: str) -> None:
    assert ("Invalid or unknown key", ("id",)) in _found(RESOURCES[name].schema, id="x")


INVALID: dict[str, tuple[Object, dict[str, Any], str]] = {
    "a result that is configured": (Application.schema, {"object_id": "x"}, "Value for unconfigurable attribute"),
    "an excluded argument": (
        Application.schema,
        {"tags": ["a"], "feature_tags": [{"hide": True}]},
        "Conflicting configuration arguments",
    ),
    "a redirect of an unknown scheme": (
        Application.schema,
        {"web": [{"redirect_uris": ["myapp://auth/"]}]},
        'unexpected URI scheme for "web.0.redirect_uris.0"',
    ),
    "a redirect without a path": (
        Application.schema,
        {"web": [{"redirect_uris": ["https://portal.contoso.example"]}]},
        "must have a trailing slash",
    ),
    "a redirect without a host": (Application.schema, {"web": [{"redirect_uris": ["https:///x"]}]}, "has no host"),
    "an empty redirect": (Application.schema, {"web": [{"redirect_uris": [""]}]}, "must not be empty"),
    "a role that begins with a period": (Application.schema, {"app_role": [{"value": ".a"}]}, "begin with a period"),
    "a logo that is no base64": (Application.schema, {"logo_image": "###"}, "to be a base64 string"),
    "an application by its object id": (
        FederatedIdentityCredential.schema,
        {"application_id": "deadbeef-0000-4000-8000-000000000000"},
        "the number of segments didn't match",
    ),
    "two audiences": (FederatedIdentityCredential.schema, {"audiences": ["a", "b"]}, "Too many list items"),
    "a grant of nothing": (DelegatedPermissionGrant.schema, {"claim_values": []}, "Not enough list items"),
}


@pytest.mark.parametrize("situation", INVALID)
def test_invalid_configuration_is_refused_with_one_reason(situation: str) -> None:
    schema, config, summary = INVALID[situation]

    found = [problem.summary for problem in violations(schema, config)]

    assert summary in found[0]
    assert len(found) == (2 if "excluded" in situation else 1)


def test_argument_that_conflicts_with_two_others_names_the_first() -> None:
    config = {"features": [{}], "feature_tags": [{}], "tags": ["a"]}

    details = [problem.detail for problem in violations(ServicePrincipal.schema, config)]

    assert sorted(details) == [
        '"feature_tags": conflicts with features',
        '"features": conflicts with feature_tags',
        '"tags": conflicts with features',
    ]


def _judged(name: str, **config: Any) -> list[tuple[str, str]]:
    request = pb.ValidateResourceConfig.Request(type_name=name, config=encode(config))
    answer = Provider().ValidateResourceConfig(request, None)
    return [(item.summary, item.detail.split(" and ")[0]) for item in answer.diagnostics]


@pytest.mark.parametrize(
    ("name", "config", "summary"),
    [
        ("azuread_user", {"display_name": ""}, 'expected "display_name" to not be an empty string, got '),
        ("azuread_user", {"age_group": "Old"}, 'expected age_group to be one of ["Adult" "Minor" "NotAdult"], got Old'),
        ("azuread_user", {"user_principal_name": "a"}, 'value must be a valid email address for "user_principal_name"'),
        ("azuread_app_role_assignment", {"app_role_id": "x"}, 'expected "app_role_id" to be a valid UUID, got x'),
        (
            "azuread_directory_role",
            {"display_name": "a", "template_id": "f2ef992c-3afb-46b9-b7cf-a126ee74c451"},
            "Invalid combination of arguments",
        ),
        ("azuread_directory_role", {}, "Invalid combination of arguments"),
    ],
)
def test_whole_type_refuses_what_one_of_its_checks_or_rules_refuses(
    name: str, config: dict[str, Any], summary: str
) -> None:
    assert {found for found, _detail in _judged(name, **config)} == {summary}


def test_exclusive_arguments_of_which_one_is_unknown_are_let_pass() -> None:
    assert _judged("azuread_directory_role", display_name="a", template_id=UNKNOWN) == []


def test_one_of_two_exclusive_arguments_too_many_is_said_of_both_and_of_any_third() -> None:
    details = [problem.detail for problem in exactly_one_of("a", "b", "c")({"a": 1, "b": 2})]

    assert [detail.split(":")[0] for detail in details] == ['"a"', '"b"', '"c"']


def test_deprecated_block_is_warned_of_unless_it_is_refused() -> None:
    renamed = ("Argument is deprecated", "This block has been renamed to `feature_tags`")

    assert _judged("azuread_service_principal", features=[{}]) == [renamed]
    assert renamed not in _judged("azuread_service_principal", features=[{}], feature_tags=[{}])


def test_logo_with_line_ends_is_base64_all_the_same() -> None:
    assert _found(Application.schema, logo_image="aGVs\r\nbG8=\n") == []


@pytest.mark.parametrize(
    "address",
    [
        "ht tp://a",
        "https://a b/",
        ":a",
        "https://a:b/",
        "https://a/%zz",
        "https://[::1",
        "https://[a]b/",
        "a:b\x01",
        "1:/",
    ],
)
def test_address_that_a_parser_of_urls_refuses_is_none(address: str) -> None:
    assert parsed(address) is None


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("HTTPS://user@A.example:8080/b?c#d", ("https", "A.example:8080", "/b")),
        ("urn:a:b", ("urn", "", "")),
        ("//a/b", ("", "a", "/b")),
        ("///a", ("", "", "///a")),
        ("https:///x", ("https", "", "/x")),
        ("https://[::1]:80/", ("https", "[::1]:80", "/")),
        ("https://*.a.example/", ("https", "*.a.example", "/")),
        ("./a:b", ("", "", "./a:b")),
        ("", ("", "", "")),
    ],
)
def test_address_is_taken_apart_as_the_real_provider_does(address: str, parts: tuple[str, str, str]) -> None:
    assert parsed(address) == parts


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'cannot parse "" as "2006"'),
        ("tomorrow", 'cannot parse "tomorrow" as "2006"'),
        ("2025-01-02", 'cannot parse "" as "T"'),
        ("2025-1-02T03:04:05Z", 'cannot parse "1-02T03:04:05Z" as "01"'),
        ("2025-01-02T03:04:05", 'cannot parse "" as "Z07:00"'),
        ("2025-01-02T03:04:05+0200", 'cannot parse "+0200" as "Z07:00"'),
        ("2025-13-02T03:04:05Z", ": month out of range"),
        ("2025-02-30T03:04:05Z", ": day out of range"),
        ("2025-01-02T25:04:05Z", ": hour out of range"),
        ("2025-01-02T03:04:60Z", ": second out of range"),
        ("2025-01-02T03:04:05+25:00", ": time zone offset hour out of range"),
        ("2025-01-02T03:04:05Zx", ': extra text: "x"'),
    ],
)
def test_date_that_is_none_is_refused_with_the_part_at_fault(text: str, problem: str) -> None:
    said = is_rfc3339("start_date", text)

    assert said is not None
    assert said.startswith(f'expected "start_date" to be a valid RFC3339 date, got "{text}": parsing time "{text}"')
    assert said.endswith(problem)


@pytest.mark.parametrize(
    "text",
    ["2025-01-02T03:04:05Z", "2025-01-02T3:04:05Z", "2025-01-02T03:04:05.123+02:00", "2024-02-29T23:59:59-24:00"],
)
def test_date_with_an_offset_is_accepted(text: str) -> None:
    assert is_rfc3339("start_date", text) is None


@pytest.mark.parametrize(
    ("text", "good"),
    [("a@b", True), ("a'b@c.d", True), ("", False), ("a", False), ("a@b.", False), ("ä@b.de", False), ("a@b@c", False)],
)
def test_sign_in_name_is_judged_as_an_address(text: str, good: bool) -> None:
    assert (is_email("user_principal_name", text) is None) == good


def test_diagnosis_of_a_whole_type_has_no_path() -> None:
    assert Diagnosis("No").to_protocol().attribute.steps == []
