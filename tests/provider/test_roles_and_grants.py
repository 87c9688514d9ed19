"""Directory roles, eligibilities, grants and federated credentials, and what else is said of identities' types."""

from typing import Any

import pytest
from tf.gen import tfplugin_pb2 as pb

from conformance.tenant import RecordedTenant
from sandbox.provider import registry
from sandbox.provider.protocol import Provider
from sandbox.provider.session import SCHEMA
from sandbox.provider.values import decode, encode
from tests.provider.without_terraform import Life, Refused

GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"
NOWHERE = "deadbeef-0000-4000-8000-000000000000"
CREDENTIAL: dict[str, Any] = {
    "display_name": "main",
    "audiences": ["api://AzureADTokenExchange"],
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/iac:ref:refs/heads/main",
}
REFUSED = {"status": 403, "code": "Authorization_RequestDenied", "message": "No.", "times": 9}


@pytest.fixture(autouse=True)
def tenant(shared_tenant: RecordedTenant) -> RecordedTenant:
    return shared_tenant


@pytest.fixture
def known(tenant: RecordedTenant) -> dict[str, str]:
    return tenant.symbols()


@pytest.fixture
def roles() -> Life:
    return Life("azuread_directory_role")


@pytest.fixture
def eligibilities() -> Life:
    return Life("azuread_directory_role_eligibility_schedule_request")


@pytest.fixture
def grants() -> Life:
    return Life("azuread_service_principal_delegated_permission_grant")


@pytest.fixture
def credentials() -> Life:
    return Life("azuread_application_federated_identity_credential")


def _asked(tenant: RecordedTenant) -> list[tuple[str, str]]:
    return [(entry["method"], entry["path"].rsplit("/", 2)[-2]) for entry in tenant.journal()]


def _granting(known: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "service_principal_object_id": known["seed.service_principal.shop.id"],
        "resource_service_principal_object_id": known["seed.service_principal.msgraph.id"],
        "claim_values": ["openid", "User.Read"],
        **changes,
    }


def _eligible(known: dict[str, str], **changes: Any) -> dict[str, Any]:
    asked = {"role_definition_id": GLOBAL_READER, "directory_scope_id": "/", "justification": "Why"}
    return {**asked, "principal_id": known["seed.user.alice.id"], **changes}


def test_role_by_name_in_any_case_is_activated_once_and_stays_active(roles: Life, tenant: RecordedTenant) -> None:
    state = roles.apply(display_name="global READER")

    assert state["display_name"] == "Global Reader"
    assert state["template_id"] == GLOBAL_READER
    assert roles.is_settled(state, display_name="GLOBAL reader")
    assert roles.is_settled(state, template_id=GLOBAL_READER)
    roles.destroy(state)
    assert roles.refresh(state) == state
    tenant.clear_journal()
    assert roles.apply(template_id=GLOBAL_READER) == state
    assert {method for method, _path in _asked(tenant) if method != "GET"} <= {"POST"}
    assert not [entry for entry in tenant.journal() if entry["method"] == "POST" and "directoryRoles" in entry["path"]]


def test_duration_that_is_none_is_refused_only_with_another_change(roles: Life) -> None:
    state = roles.apply(template_id=GLOBAL_READER)
    timeouts = {"create": None, "read": "soon", "delete": None}

    assert roles.plan(state, template_id=GLOBAL_READER, timeouts=timeouts)[0] == state
    for prior, wanted in ((None, GLOBAL_READER), (state, REPORTS_READER)):
        with pytest.raises(Refused, match='Error parsing "read" timeout'):
            roles.plan(prior, template_id=wanted, timeouts=timeouts)


@pytest.mark.parametrize(
    ("config", "replaced"),
    [({"display_name": "Reports Reader"}, "display_name"), ({"template_id": REPORTS_READER}, "template_id")],
)
def test_another_role_replaces_the_role(config: dict[str, str], replaced: str, roles: Life) -> None:
    state = roles.apply(template_id=GLOBAL_READER)

    assert roles.plan(state, **config)[1] == {replaced}


@pytest.mark.parametrize(
    ("config", "summary"),
    [
        ({"display_name": "Emperor"}, "no directory role template found"),
        ({"template_id": NOWHERE}, f'no directory role template with object ID "{NOWHERE}" was found'),
    ],
)
def test_role_that_does_not_exist_is_refused_in_summary_and_detail(
    config: dict[str, str], summary: str, roles: Life
) -> None:
    with pytest.raises(Refused) as refused:
        roles.apply(**config)

    assert (refused.value.summaries, refused.value.details) == ([summary], [summary])


def test_eligibility_is_asked_for_without_an_end_and_taken_back(
    eligibilities: Life, tenant: RecordedTenant, known: dict[str, str]
) -> None:
    state = eligibilities.apply(**_eligible(known))

    assert eligibilities.is_settled(state, **_eligible(known))
    assert eligibilities.adopt(state["id"]) == state
    assert eligibilities.plan(state, **_eligible(known, justification="Else"))[1] == {"justification"}
    eligibilities.destroy(state)
    bodies = [entry["body"] for entry in tenant.journal() if entry["method"] == "POST" and "action" in entry["body"]]
    assert [body["action"] for body in bodies] == ["adminAssign", "adminRemove"]
    assert bodies[0]["scheduleInfo"]["expiration"] == {"type": "noExpiration"}
    assert "scheduleInfo" not in bodies[1]
    # Graph keeps the request that was granted once.
    assert eligibilities.refresh(state) == state


def test_eligibility_of_a_role_that_does_not_exist_is_refused_after_some_waiting(
    eligibilities: Life, tenant: RecordedTenant, known: dict[str, str]
) -> None:
    timeouts = {"create": "10s", "read": None, "delete": None}

    with pytest.raises(Refused, match="Creating eligibility schedule request for role"):
        eligibilities.apply(**_eligible(known, role_definition_id=NOWHERE, timeouts=timeouts))

    assert [entry["status"] for entry in tenant.journal() if entry["method"] == "POST"][1:] == [404] * 3


def test_eligibility_that_is_nowhere_is_looked_for_in_both_places(eligibilities: Life, tenant: RecordedTenant) -> None:
    assert eligibilities.adopt(NOWHERE) is None
    assert [path for method, path in _asked(tenant) if method == "GET"][1:] == [
        "roleEligibilityScheduleRequests",
        "roleEligibilitySchedules",
    ]


def test_grant_says_its_scopes_in_the_order_of_the_set_and_changes_them_in_place(
    grants: Life, tenant: RecordedTenant, known: dict[str, str]
) -> None:
    config = _granting(known, claim_values=["User.Read", "profile", "openid"])
    state = grants.apply(**config)
    assert grants.is_settled(state, **config)
    adopted = grants.adopt(state["id"].removeprefix("/"))
    assert adopted is not None
    assert sorted(adopted["claim_values"]) == sorted(config["claim_values"])

    state = grants.apply(state, **_granting(known, claim_values=["email"]))
    grants.destroy(state)

    bodies = [entry["body"] for entry in tenant.journal() if entry["body"] and "scope" in entry["body"]]
    assert [body["scope"] for body in bodies if "grant_type" not in body] == ["openid profile User.Read", "email"]
    assert grants.refresh(state) is None


def test_grant_for_one_user_replaces_the_one_for_everybody(
    grants: Life, tenant: RecordedTenant, known: dict[str, str]
) -> None:
    state = grants.apply(**_granting(known))
    alone = _granting(known, user_object_id=known["seed.user.alice.id"])

    assert grants.plan(state, **alone)[1] == {"user_object_id"}
    grants.destroy(state)
    own = grants.apply(**alone)
    assert own["user_object_id"] == known["seed.user.alice.id"]
    grants.destroy(own)
    posted = [entry["body"] for entry in tenant.journal() if entry["path"].endswith("oauth2PermissionGrants")]
    assert [(body["consentType"], "principalId" in body) for body in posted] == [
        ("AllPrincipals", False),
        ("Principal", True),
    ]


@pytest.mark.parametrize(
    ("argument", "summary"),
    [
        ("service_principal_object_id", f'Service Principal (Service Principal: "{NOWHERE}") was not found)'),
        (
            "resource_service_principal_object_id",
            f'Service Principal (Service Principal: "{NOWHERE}") not found for resource',
        ),
    ],
)
def test_grant_of_a_service_principal_that_does_not_exist_is_refused(
    argument: str, summary: str, grants: Life, known: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        grants.apply(**_granting(known, **{argument: NOWHERE}))

    assert refused.value.summaries == [summary]


def test_credential_has_a_life_of_its_own_under_an_id_of_two(credentials: Life, known: dict[str, str]) -> None:
    application = known["seed.application.shop.id"]
    config = {**CREDENTIAL, "application_id": f"/applications/{application}"}
    state = credentials.apply(**config)

    assert state["id"] == f"{application}/federatedIdentityCredential/{state['credential_id']}"
    assert credentials.is_settled(state, **config)
    assert credentials.adopt(state["id"]) == state
    changed = credentials.apply(state, **{**config, "subject": "repo:contoso/iac:environment:prod"})
    assert changed["id"] == state["id"]
    assert credentials.plan(changed, **{**config, "display_name": "other"})[1] == {"display_name"}
    credentials.destroy(changed)
    assert credentials.refresh(changed) is None


def test_credential_of_an_application_that_does_not_exist_is_refused_with_the_reason(credentials: Life) -> None:
    with pytest.raises(Refused) as refused:
        credentials.apply(**CREDENTIAL, application_id=f"/applications/{NOWHERE}")

    assert refused.value.summaries[0].startswith(f'retrieving Application (Application: "{NOWHERE}"): unexpected')


@pytest.mark.parametrize(
    ("name", "path", "summary"),
    [
        ("azuread_directory_role", "/v1.0/directoryRoleTemplates.*", "listing directory role templates: unexpected"),
        ("azuread_directory_role", "/v1.0/directoryRoles", "retrieving directory role with template ID"),
        ("azuread_service_principal_delegated_permission_grant", "/v1.0/servicePrincipals/.*", "Could not retrieve"),
    ],
)
def test_look_up_that_is_refused_is_named(
    name: str, path: str, summary: str, tenant: RecordedTenant, known: dict[str, str]
) -> None:
    config = {"display_name": "Reports Reader"} if name == "azuread_directory_role" else _granting(known)
    tenant.prepare_faults([{"method": "GET", "path": path, **REFUSED}])

    with pytest.raises(Refused) as refused:
        Life(name).apply(**config)

    assert refused.value.summaries[0].startswith(summary)


def test_adopted_service_principal_keeps_the_owners_that_nobody_configured(
    tenant: RecordedTenant, known: dict[str, str]
) -> None:
    principals = Life("azuread_service_principal")
    config = {"client_id": known["seed.application.shop.client_id"], "use_existing": True}

    state = principals.apply(**config)

    assert state["owners"] == [known["caller.object_id"]]
    assert [method for method, _path in _asked(tenant)].count("DELETE") == 0
    assert principals.plan(state, **config)[0]["owners"] == []
    assert principals.apply(state, client_id=config["client_id"])["use_existing"] is False


def test_user_with_an_empty_phone_number_is_refused_before_anything_is_made(tenant: RecordedTenant) -> None:
    with pytest.raises(Refused, match="Request cancelled"):
        Life("azuread_user").apply(
            display_name="Odd",
            user_principal_name="odd.phone@contoso.onmicrosoft.com",
            password="Throw-away-1!",
            business_phones=[""],
        )

    assert [method for method, _path in _asked(tenant)].count("POST") == 1


def _read(name: str, **config: Any) -> Any:
    provider, schema = Provider(), registry.DATA_SOURCES[name].schema
    empty: dict[str, Any] = {**dict.fromkeys(SCHEMA.attributes), **{block: [] for block in SCHEMA.blocks}}
    provider.ConfigureProvider(pb.ConfigureProvider.Request(config=encode(empty)), None)
    whole = {**dict.fromkeys(schema.attributes), **dict.fromkeys(schema.blocks), **config}
    return provider.ReadDataSource(pb.ReadDataSource.Request(type_name=name, config=encode(whole)), None)


def test_published_app_ids_are_read_without_asking_the_tenant(tenant: RecordedTenant) -> None:
    found = decode(_read("azuread_application_published_app_ids").state)

    assert found["result"]["MicrosoftGraph"] == "00000003-0000-0000-c000-000000000000"
    assert len(found["result"]) > 100
    assert [entry for entry in tenant.journal() if entry["path"].startswith("/v1.0/")] == []


def test_role_templates_are_all_but_the_one_of_every_user() -> None:
    found = decode(_read("azuread_directory_role_templates").state)

    names = {template["display_name"] for template in found["role_templates"]}
    assert names >= {"Global Administrator", "Guest User"}
    assert "User" not in names
    assert found["object_ids"] == [template["object_id"] for template in found["role_templates"]]
    assert found["id"].startswith("templates#")


def test_domains_asked_for_an_empty_service_are_refused_as_unreadable() -> None:
    (refused,) = _read("azuread_domains", supports_services=["Email", ""]).diagnostics

    assert refused.summary.startswith("decoding: while setting value [Email <nil>] of model field")
    assert refused.summary.endswith("interface {} is nil, not string")


@pytest.mark.parametrize(("mapped", "sent"), [(True, [None, True]), (False, [False])])
def test_application_says_only_afterwards_that_it_accepts_mapped_claims(
    mapped: bool, sent: list[bool | None], tenant: RecordedTenant
) -> None:
    applications = Life("azuread_application")

    state = applications.apply(display_name="Mapped", api=[{"mapped_claims_enabled": mapped}])

    bodies = [entry["body"] for entry in tenant.journal() if entry["body"] and "api" in entry["body"]]
    assert [body["api"].get("acceptMappedClaims") for body in bodies] == sent
    applications.destroy(state)
