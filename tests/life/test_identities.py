"""identities.py as an administrator runs it, signed in by azure-identity at the tenant's own pages."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential

from scripts import verify_evidence
from scripts.rehearsal.tenant_file import NAME
from steward.identities.roster import ROSTER, find_identities
from steward.identities.steps import READING, RETIRING, WRITING
from steward.identities.wanted import want
from steward.wellknown.account import STAMP
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR, is_privileged_role
from tests.life.identities_tenancy import (
    BRANCH,
    ENVIRONMENT,
    GITHUB,
    PULL_REQUEST,
    IdentitiesTenancy,
    make_identities_tenancy,
    pipeline_token,
)

# As many as a test needs that is about how they are made: one with a directory role, and one without.
FEW = ("post-apply", "guard")
_ADDED = "registered|created|added|granted"
USUAL = tuple(each.name for each in find_identities(()))


@pytest.fixture(scope="module")
def tenancy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentitiesTenancy]:
    made = make_identities_tenancy(tmp_path_factory.mktemp("identities"))
    yield made
    made.scene.control.close()
    made.scene.sandbox.stop()


@pytest.fixture(scope="module")
def text(tenancy: IdentitiesTenancy) -> str:
    return tenancy.file.read_text()


def token_for(tenancy: IdentitiesTenancy, identity: str, token: str) -> dict[str, object]:
    """Sign in as an identity with a pipeline's token, by the library that our programs use; return the claims."""
    tenant = tenancy.tenant
    assert tenant.identities is not None
    credential = ClientAssertionCredential(
        tenant.tenant.id,
        tenant.identities.client_ids[identity],
        lambda: token,
        authority=tenant.tenant.cloud.authority,
        disable_instance_discovery=True,
        connection_verify=str(tenant.tenant.cloud.ca_file),
    )
    with credential:
        token = credential.get_token(tenant.tenant.cloud.graph_scope).token
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_made_as_planned_listed_as_wanted_and_not_made_twice(tenancy: IdentitiesTenancy, text: str) -> None:
    tenancy.start_over(text)
    planned = tenancy.run("plan")
    assert tenancy.writes() == []
    assert tenancy.file.read_text() == text
    made = tenancy.run_elsewhere("make")
    done = re.findall(rf"^identities +(?:{_ADDED}) +(.*)$", made, re.MULTILINE)
    assert sorted(done) == sorted(re.findall(rf"^identities +would +have (?:{_ADDED}) (.*)$", planned, re.MULTILINE))
    _assert_as_wanted(tenancy)
    before, file, writes = tenancy.snapshot(), tenancy.file.read_bytes(), tenancy.writes()
    assert "made already" in tenancy.run_as_process("make")
    told = tenancy.run("list", "--json")
    assert json.loads(told)["exit_code"] == 0
    assert (tenancy.snapshot(), tenancy.file.read_bytes(), tenancy.writes()) == (before, file, writes)


def _assert_as_wanted(tenancy: IdentitiesTenancy, names: tuple[str, ...] = USUAL) -> None:
    """Hold what the tenant shows, and each identity's own token, against what the programs ask for."""
    tenant, snapshot = tenancy.tenant, tenancy.scene.control.snapshot()
    assert tenant.identities is not None
    assert set(tenant.identities.client_ids) == set(names)
    assert set(tenancy.applications()) == {f"CiraSync {name} ({NAME})" for name in names}
    subjects = {"plan": PULL_REQUEST, "guard": BRANCH}
    for identity in find_identities(names):
        wanted = want(identity, tenant, is_sealed=False)
        claims = token_for(tenancy, identity.name, pipeline_token(subjects.get(identity.name, ENVIRONMENT)))
        held = claims["roles"]
        assert isinstance(held, list)
        assert set(held) == wanted.permissions
        assert wanted.role_template_ids <= set(claims["wids"])  # type: ignore[call-overload]  # a list of ids
        application = tenancy.applications()[wanted.name]
        assert (application["passwordCredentials"], application["keyCredentials"]) == ([], [])
        assert snapshot["owners"].get(application["id"], []) == []
        assert snapshot["owners"].get(claims["oid"], []) == []
        if identity.name == "deploy":
            assert tenant.deployer_id == claims["oid"]


@pytest.mark.parametrize(
    ("identity", "subject"),
    [
        ("deploy", "repo:eve/steward:environment:production"),
        ("deploy", "repo:contoso/steward-fork:environment:production"),
        ("deploy", "repo:contoso/steward:environment:staging"),
        ("deploy", BRANCH),
        ("deploy", PULL_REQUEST),
        ("post-apply", "repo:contoso/steward:ref:refs/heads/feature"),
        ("guard", "repo:contoso/steward:ref:refs/heads/feature"),
        ("guard", "repo:Contoso/steward:ref:refs/heads/main"),
        ("plan", "repo:eve/steward:pull_request"),
    ],
)
def test_token_of_another_job_is_refused(tenancy: IdentitiesTenancy, text: str, identity: str, subject: str) -> None:
    _ensure_made(tenancy, text)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
        token_for(tenancy, identity, pipeline_token(subject))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://token.actions.githubusercontent.com/contoso"}, "AADSTS700211"),
        ({"aud": "https://github.com/contoso"}, "AADSTS700212"),
        ({"exp": int(time.time()) - 60}, "AADSTS700024"),
    ],
    ids=["issuer", "audience", "ended"],
)
def test_token_of_another_issuer_for_others_or_over_is_refused(
    tenancy: IdentitiesTenancy, text: str, changes: dict[str, object], code: str
) -> None:
    _ensure_made(tenancy, text)
    with pytest.raises(ClientAuthenticationError, match=code):
        token_for(tenancy, "deploy", pipeline_token(ENVIRONMENT, **changes))


def _ensure_made(tenancy: IdentitiesTenancy, text: str) -> None:
    """Begin with the usual identities made, by whichever test made them last if it left them so."""
    tenant = tenancy.tenant
    names = set(tenant.identities.client_ids) if tenant.identities else set()
    made = {f"CiraSync {name} ({NAME})" for name in USUAL}
    if names != set(USUAL) or set(tenancy.applications()) != made or tenant.account.sealed_on is not None:
        tenancy.start_over(text)
        tenancy.run("make")


def test_evidence_says_who_made_what_and_holds_together(tenancy: IdentitiesTenancy, text: str) -> None:
    _ensure_made(tenancy, text)
    lines = tenancy.evidence()
    assert lines[0]["detail"]["program"] == "identities make"
    granted = [line for line in lines if line["verb"] == "granted"]
    assert all(line["answers"][0]["request_id"] for line in granted)
    with contextlib.chdir(tenancy.scene.folder):
        assert verify_evidence.main([tenancy.file.name]) == 0


def test_sealed_tenant_keeps_no_way_to_global_administrator(tenancy: IdentitiesTenancy, text: str) -> None:
    _ensure_made(tenancy, text)
    assert "is not sealed" in tenancy.run("retire", code=1)
    tenancy.file.write_text(tenancy.file.read_text().replace("  sign_in:", "  sealed_on: 2026-11-20\n  sign_in:"))
    assert ways_to_global_administrator(tenancy)
    tenancy.run("retire")
    assert ways_to_global_administrator(tenancy) == {}
    before = tenancy.snapshot()
    tenancy.run("make")
    tenancy.run("list")
    assert tenancy.snapshot() == before
    tenancy.run("retire", "--all")
    assert tenancy.applications() == {}
    assert "there is no application of it" in tenancy.run("retire", "--all")
    assert {each.name for each in ROSTER} >= set(USUAL)


def add_account(tenancy: IdentitiesTenancy) -> str:
    """Create the account of the tenant file as its stack does, long enough ago for a look at it to be believed soon."""
    control, account = tenancy.scene.control, tenancy.tenant.account
    body = {
        "accountEnabled": False,
        "displayName": account.display_name,
        "employeeType": STAMP,
        "mailNickname": "account",
        "passwordProfile": {"password": "Kelp-9-lantern"},
        "userPrincipalName": account.login,
    }
    created = control.act("POST", "/v1.0/users", body)
    control.advance_clock(15 * 60)
    return str(created["id"])


def test_unsealed_tenant_keeps_what_demotes_while_the_account_holds_a_role(
    tenancy: IdentitiesTenancy, text: str
) -> None:
    tenancy.start_over(text)
    tenancy.run("make", "close")
    control = tenancy.scene.control
    role = {"principalId": add_account(tenancy), "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    assigned = control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)
    before = tenancy.snapshot()
    control.clear_journal()
    for options in (("--unsealed",), ("--unsealed", "--all", "close")):
        told = tenancy.run("retire", *options, code=1)
        assert "it holds Global Administrator (direct" in told
        assert f"close.py {NAME}.yaml" in told
    assert (tenancy.snapshot(), tenancy.writes()) == (before, [])
    control.act("DELETE", f"/v1.0/roleManagement/directory/roleAssignments/{assigned['id']}")
    group = {
        "displayName": "sg-admins-by-group",
        "mailEnabled": False,
        "mailNickname": "sg-admins-by-group",
        "securityEnabled": True,
        "isAssignableToRole": True,
    }
    group_id = control.act("POST", "/v1.0/groups", group)["id"]
    control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role | {"principalId": group_id})
    member = {"@odata.id": f"{tenancy.scene.sandbox.base_url}/v1.0/directoryObjects/{role['principalId']}"}
    control.act("POST", f"/v1.0/groups/{group_id}/members/$ref", member)
    assert "Global Administrator (through group" in tenancy.run("retire", "--unsealed", code=1)
    control.act("DELETE", f"/v1.0/groups/{group_id}")
    control.clear_journal()
    control.declare_faults({"path": "/v1.0/roleManagement/directory/roleAssignments", "status": 403, "times": 99})
    assert "could not tell" in tenancy.run("retire", "--unsealed", code=3)
    assert tenancy.writes() == []
    assert set(ways_to_global_administrator(tenancy)) == {f"CiraSync close ({NAME})"}
    control.clear_faults()
    tenancy.run("retire", "--unsealed")
    assert ways_to_global_administrator(tenancy) == {}


def ways_to_global_administrator(tenancy: IdentitiesTenancy) -> dict[str, set[str]]:
    """Compute, from the directory itself, by what each application of ours reaches Global Administrator.

    Permissions that lead there and privileged roles are a way; so is whatever an application owns, or what permission
    over all applications reaches, that has a way itself.
    """
    snapshot = tenancy.scene.control.snapshot()
    escalations = {each.application_id: each.value for each in known_permissions().values() if each.escalation}
    principals = {each["appId"]: each["id"] for each in snapshot["service_principals"].values()}
    ways: dict[str, set[str]] = {}
    for assignment in snapshot["app_role_assignments"].values():
        if assignment["appRoleId"] in escalations:
            ways.setdefault(assignment["principalId"], set()).add(escalations[assignment["appRoleId"]])
    for role in snapshot["role_assignments"].values():
        if is_privileged_role(role["roleDefinitionId"]):
            ways.setdefault(role["principalId"], set()).add(role["roleDefinitionId"])
    of_application = {each["id"]: principals.get(each["appId"], "") for each in snapshot["applications"].values()}
    changed = True
    while changed:
        changed = False
        for owned, owners in snapshot["owners"].items():
            reached = of_application.get(owned, owned)
            for owner in owners:
                if reached in ways and f"owns {reached}" not in ways.setdefault(owner, set()):
                    ways[owner].add(f"owns {reached}")
                    changed = True
    ours = {principals[each["appId"]]: name for name, each in tenancy.applications().items()}
    return {ours[principal]: found for principal, found in ways.items() if principal in ours and found}


def test_killed_at_the_first_write_and_run_again_nothing_is_double(tenancy: IdentitiesTenancy, text: str) -> None:
    """Hold the worst place against the tenant: what Graph itself refuses to make twice comes after it."""
    tenancy.start_over(text)
    with subprocess.Popen(
        tenancy.command("make", "guard"),
        cwd=tenancy.scene.folder,
        env=dict(tenancy.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        while not tenancy.writes():
            assert running.poll() is None
            time.sleep(0.02)
        os.kill(running.pid, signal.SIGKILL)
    tenancy.run("make", "guard")
    _assert_as_wanted(tenancy, ("guard",))


def test_answers_that_are_lost_and_lists_that_lag_make_nothing_double(tenancy: IdentitiesTenancy, text: str) -> None:
    tenancy.start_over(text)
    tenancy.scene.control.lag({"route": "GET /applications*", "seconds": 4})
    tenancy.scene.control.declare_faults(
        {"route": "POST /applications", "reset": True, "takes_effect": True},
        {"route": "POST /servicePrincipals", "nth": 2, "reset": True, "takes_effect": True},
        {"route": "POST /applications/{id}/federatedIdentityCredentials", "nth": 2, "status": 503},
        {"route": "POST /servicePrincipals/{id}/appRoleAssignedTo", "nth": 5, "reset": True, "takes_effect": True},
        {"route": "POST /roleManagement/directory/roleAssignments", "reset": True, "takes_effect": True},
    )
    tenancy.run("make", *FEW)
    assert tenancy.scene.control.unused_faults() == []
    tenancy.scene.control.lag()
    _assert_as_wanted(tenancy, FEW)


def test_application_that_somebody_planted_is_given_nothing(tenancy: IdentitiesTenancy, text: str) -> None:
    tenancy.start_over(text)
    act = tenancy.scene.control.act
    tags = [f"cirasync-steward:{NAME}", f"cirasync-steward:{NAME}:deploy"]
    planted = act("POST", "/v1.0/applications", {"displayName": "planted", "tags": tags})
    act("POST", f"/v1.0/applications/{planted['id']}/addPassword", {})
    told = tenancy.run("make", "deploy", "guard", code=1)
    assert "others can sign in as it" in told
    assert planted["appId"] not in tenancy.file.read_text()
    principals = tenancy.scene.control.snapshot()["service_principals"].values()
    assert planted["appId"] not in [each["appId"] for each in principals]
    assert tenancy.tenant.identities is not None
    assert set(tenancy.tenant.identities.client_ids) == {"guard"}


def test_secret_that_somebody_added_is_listed_and_taken_away(tenancy: IdentitiesTenancy, text: str) -> None:
    tenancy.start_over(text)
    tenancy.run("make", "deploy")
    application = tenancy.applications()[f"CiraSync deploy ({NAME})"]
    body = {"passwordCredential": {"displayName": "for a trial"}}
    made = tenancy.scene.control.act("POST", f"/v1.0/applications/{application['id']}/addPassword", body)
    opened = {"isFallbackPublicClient": True, "publicClient": {"redirectUris": ["http://localhost"]}}
    tenancy.scene.control.act("PATCH", f"/v1.0/applications/{application['id']}", opened)
    told = tenancy.run("list", "deploy", code=1)
    assert "client secret for a trial" in told
    assert made["secretText"] not in told
    for opening in ("1 public redirect URI", "public client flows"):
        assert f"deploy: {opening}" in told
    tenancy.run("make", "deploy", code=1)
    assert tenancy.applications()[f"CiraSync deploy ({NAME})"]["passwordCredentials"] == []


def test_each_permission_that_the_administrator_is_asked_for_is_needed_and_no_other(
    tenancy: IdentitiesTenancy, text: str
) -> None:
    """Take each away, by what the tenant itself says would have been enough for every request that was sent."""
    tenancy.start_over(text)

    def send(scopes: tuple[str, ...], *commands: tuple[str, ...]) -> None:
        tenancy.scene.control.clear_journal()
        for command in commands:
            tenancy.run(*command, *FEW)
        asked = [
            (f"{entry['method']} {entry['path']}", entry["sufficient"])
            for entry in tenancy.scene.control.journal()
            if entry.get("sufficient") and entry["path"].startswith("/v1.0/")
        ]

        def refused_without(scope: str) -> list[str]:
            held = set(scopes) - {scope}
            return [request for request, sufficient in asked if not any(held >= set(each) for each in sufficient)]

        assert refused_without("") == []
        assert [scope for scope in scopes if not refused_without(scope)] == []

    send(WRITING, ("make",))
    send(READING, ("plan",), ("list",))
    # Retiring looks at the account, and asks for more where there is one.
    add_account(tenancy)
    send(RETIRING, ("retire", "--all", "--unsealed"))


def test_what_graph_does_not_show_is_named_with_the_command_that_does(tenancy: IdentitiesTenancy, text: str) -> None:
    address = tenancy.scene.sandbox.base_url
    delivered = f"sink:\n  key_vault: {{vault: {json.dumps(address)}, secret_prefix: sync}}\n"
    tenancy.start_over(re.sub("sign_in: .*", "sign_in: allowed", text) + delivered)
    told = tenancy.run("list", "guard", code=1)
    assert f"not looked at: the Azure role of post-apply on {address}" in told
    assert json.loads(tenancy.run("list", "guard", "--json", code=1))["not_looked_at"]
    tenancy.start_over(text)
    assert "not looked at" not in tenancy.run("list", "guard", code=1)


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["browser", "device code"])
def test_consent_for_everybody_that_is_not_seen_yet_is_waited_for(
    tenancy: IdentitiesTenancy, text: str, is_elsewhere: bool
) -> None:
    tenancy.start_over(text)
    run = tenancy.run_elsewhere if is_elsewhere else tenancy.run
    told = run("plan", "guard", answer={"button": "accept", "forEverybody": "yes"})
    assert "the consent is not seen everywhere yet" in told
    assert "make would make" in told


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["browser", "device code"])
def test_sign_in_that_is_declined_is_nobodys(tenancy: IdentitiesTenancy, text: str, is_elsewhere: bool) -> None:
    tenancy.start_over(text)
    run = tenancy.run_elsewhere if is_elsewhere else tenancy.run
    told = run("plan", "guard", code=2, answer={"button": "cancel"})
    assert "nobody signed in" in told
    assert "ARM_" not in told


def test_plan_of_certificates_shows_what_make_then_makes(tenancy: IdentitiesTenancy, text: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    tenancy.start_over(text.replace(GITHUB, f"identities:\n  certificate: {{folder: {keys}}}\n"))
    planned = tenancy.run("plan", *FEW)
    assert not keys.exists()
    made = tenancy.run("make", *FEW)
    done = re.findall(rf"^identities +(?:{_ADDED}|made) +(.*)$", made, re.MULTILINE)
    assert sum("a certificate until" in line for line in done) == len(FEW)
    would = re.findall(rf"^identities +would +have (?:{_ADDED}|made) (.*)$", planned, re.MULTILINE)
    assert sorted(done) == sorted(would)
    assert "make would make 0 changes" in tenancy.run("plan", *FEW)
    for file in keys.iterdir():
        file.unlink()
    left = tenancy.run("plan", *FEW)
    assert "the file with its key is not in the tenant file's folder" in left
    assert "make would make 0 changes" in left
