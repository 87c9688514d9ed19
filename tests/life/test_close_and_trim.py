"""What closing takes back of a consent in a browser: without Terraform, after the role, and never in its way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from sandbox.seed import VENDOR_APPLICATION_ID, Seed
from scripts.rehearsal.scene import CLOSE, POST_APPLY
from scripts.rehearsal.tenant_file import NAME
from steward.evidence import EvidenceFile, describe_tenant
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from tests.life.sparse_tenancy import SparseTenancy, make_sparse_tenancy
from tests.life.test_close import ended

SCOPES = "/v1.0/oauth2PermissionGrants"
DECLARED, EXTRA = "Contacts.ReadWrite", "Mail.Read"


def vendors(text: str) -> str:
    named = text.replace(
        "  display_name: CiraSync\n", f"  display_name: CiraSync\n  client_id: {VENDOR_APPLICATION_ID}\n"
    )
    return "".join(line for line in named.splitlines(keepends=True) if "redirect_uris" not in line)


class Consented:
    """A tenant in which somebody has consented, with no Terraform anywhere."""

    def __init__(self, tenancy: SparseTenancy) -> None:
        self.tenancy = tenancy
        self.act = tenancy.scene.control.act
        self.client: dict[str, Any] = {}

    def start_over(self, name: str = "CiraSync") -> str:
        """Bring the tenant back to its seed with the account and the application in it; return the account's id."""
        account_id = self.tenancy.start_over()
        client_id = self.tenancy.scene.tenant.application.client_id
        if client_id is None:
            client_id = self.act("POST", "/v1.0/applications", {"displayName": name})["appId"]
        self.client = self.act("POST", "/v1.0/servicePrincipals", {"appId": client_id})
        return account_id

    def grant(self, *names: str) -> None:
        """Grant application permissions of Microsoft Graph."""
        (graph,) = self.act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{MICROSOFT_GRAPH_APP_ID}'")["value"]
        offered = {role["value"]: role["id"] for role in graph["appRoles"]}
        for name in names:
            body = {"principalId": self.client["id"], "resourceId": graph["id"], "appRoleId": offered[name]}
            self.act("POST", f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)

    def granted(self) -> dict[str, str]:
        """Return the application permissions by the id of their assignment."""
        (graph,) = self.act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{MICROSOFT_GRAPH_APP_ID}'")["value"]
        names = {role["id"]: role["value"] for role in graph["appRoles"]}
        listed = self.act("GET", f"/v1.0/servicePrincipals/{self.client['id']}/appRoleAssignments")["value"]
        return {entry["id"]: names[entry["appRoleId"]] for entry in listed}

    def remember(
        self, account_id: str, *ids: str, has_looked: bool = True, lets: bool = True, is_trimmed: bool = False
    ) -> Path:
        """Write the evidence of a run that looked twice or not, let somebody consent, and came to its end or not.

        Looks were a minute ago, so that whatever a program sees comes later; without them it is about now.
        """
        tenant = self.tenancy.scene.tenant
        look = {"granted_before": {"client_id": self.client["appId"], "ids": list(ids)}} if has_looked else {}
        clock = _Clock(datetime.now(UTC) - (timedelta(minutes=1) if has_looked else timedelta()))
        with (
            patch("steward.evidence.writing.datetime", clock),
            EvidenceFile(tenant.evidence / NAME, actor="app", about=describe_tenant(tenant)) as evidence,
        ):
            for _ in range(2):
                evidence.record("consent", "saw", "", {"account": {"object_id": account_id}, **look})
                clock.pause(6 if has_looked else 0)
            if lets:
                evidence.record("elevate", "intends", "", {"act": "RequestRoleSchedule"})
            if is_trimmed:
                evidence.record("close", "confirmed")
                evidence.record("trim", "already", "grants", {"is_settled": True})
        return evidence.path


class _Clock:
    """Stands in for the class in the module that writes evidence."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def pause(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)

    def now(self, _: tzinfo) -> datetime:
        return self._at


def make(tmp_path_factory: pytest.TempPathFactory, **options: Any) -> Iterator[Consented]:
    sink = tmp_path_factory.mktemp("sink")
    made = make_sparse_tenancy(
        tmp_path_factory.mktemp("sparse"), seed=Seed(), elevation="in_window", consent="browser", sink=sink, **options
    )
    yield Consented(made)
    made.scene.control.close()
    made.scene.sandbox.stop()


@pytest.fixture(scope="module")
def vendors_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consented]:
    yield from make(tmp_path_factory, edit=vendors)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consented]:
    yield from make(tmp_path_factory)


def test_vendors_application_loses_what_a_killed_runs_consent_brought_and_keeps_what_it_had(
    vendors_own: Consented,
) -> None:
    account_id = vendors_own.start_over()
    # A look a minute ago was at a replica that was behind.
    vendors_own.remember(account_id, lets=False)
    vendors_own.grant("Group.Read.All")
    # What it had is what a program saw and wrote down by itself.
    ended(vendors_own.tenancy.close(identity=POST_APPLY), 0)
    vendors_own.remember(account_id, has_looked=False)
    vendors_own.tenancy.scene.control.clear_journal()
    vendors_own.grant(DECLARED, EXTRA)
    vendors_own.tenancy.grant(account_id)
    told = ended(vendors_own.tenancy.close(identity=POST_APPLY), 1)
    assert sorted(vendors_own.granted().values()) == [DECLARED, "Group.Read.All"]
    assert f"application permission {EXTRA} of" in told
    assert "from before the first run let anybody consent" in told
    assert "no privileged role by any path" in told
    deeds = [path.rpartition("/")[0] for path in vendors_own.tenancy.writes()]
    assert "roleAssignments" in deeds[0], "the role goes first"
    assert "appRoleAssignments" in deeds[-1]
    # From then on nothing is owed, and what the application had stays unmentioned by the code.
    ended(vendors_own.tenancy.close(identity=POST_APPLY), 0)


def test_vendors_application_loses_nothing_where_no_run_tells_what_it_had(vendors_own: Consented) -> None:
    account_id = vendors_own.start_over()
    vendors_own.grant(EXTRA)
    vendors_own.tenancy.grant(account_id)
    told = ended(vendors_own.tenancy.close(identity=POST_APPLY), 0)
    assert list(vendors_own.granted().values()) == [EXTRA]
    assert EXTRA in told
    assert "no evidence of an earlier run lies here" in told


def test_vendors_application_loses_nothing_by_evidence_that_was_changed(vendors_own: Consented) -> None:
    account_id = vendors_own.start_over()
    vendors_own.grant(EXTRA)
    path = vendors_own.remember(account_id, *vendors_own.granted())
    (granted,) = vendors_own.granted()
    path.write_text(path.read_text().replace(granted, "another"))
    told = ended(vendors_own.tenancy.close(identity=POST_APPLY), 1)
    assert list(vendors_own.granted().values()) == [EXTRA]
    assert "the evidence is not whole" in told


@pytest.mark.parametrize(("is_trimmed", "code"), [(False, 1), (True, 0)])
def test_closing_identity_closes_and_names_what_it_may_not_look_at_where_that_is_owed(
    own: Consented, is_trimmed: bool, code: int
) -> None:
    account_id = own.start_over()
    own.remember(account_id, is_trimmed=is_trimmed)
    own.grant(DECLARED, EXTRA)
    own.tenancy.grant(account_id)
    told = ended(own.tenancy.close(identity=CLOSE), code)
    assert own.tenancy.roles_of(account_id) == []
    assert "this identity lacks Application.Read.All, DelegatedPermissionGrant.Read.All" in told
    assert ("--only close" in told) is not is_trimmed
    assert EXTRA in own.granted().values()
    # What nobody has looked at stays owed, however often one comes by.
    assert ("--only close" in ended(own.tenancy.close(identity=CLOSE), code)) is not is_trimmed
    refused = [entry for entry in own.tenancy.scene.control.journal() if entry["status"] == 403]
    assert refused == [], "what the token does not allow is not tried"


def test_own_registration_is_found_by_evidence_and_trimmed_without_terraform(own: Consented) -> None:
    account_id = own.start_over()
    own.remember(account_id)
    own.grant(DECLARED, EXTRA)
    scopes = {"clientId": own.client["id"], "consentType": "AllPrincipals", "scope": "User.Read Mail.Read"}
    (graph,) = own.act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{MICROSOFT_GRAPH_APP_ID}'")["value"]
    own.act("POST", SCOPES, {**scopes, "resourceId": graph["id"]})
    mara = own.act("GET", "/v1.0/users")["value"][0]["id"]
    hers = {"consentType": "Principal", "principalId": mara, "scope": "Mail.Send"}
    own.act("POST", SCOPES, {**scopes, **hers, "resourceId": graph["id"]})
    would = ended(own.tenancy.close("--dry-run", identity=POST_APPLY), 1)
    assert f"would       have revoked application permission {EXTRA}" in would
    told = ended(own.tenancy.close(identity=POST_APPLY), 1)
    assert list(own.granted().values()) == [DECLARED]
    left = own.act("GET", f"{SCOPES}?$filter=clientId eq '{own.client['id']}'")["value"]
    assert sorted(entry["scope"] for entry in left) == ["Mail.Send", "User.Read"]
    assert f"delegated Mail.Send for user {mara}" in told, "it is somebody else's, and named"


@pytest.mark.parametrize("is_named", [True, False])
def test_own_registration_that_nothing_names_or_that_is_called_otherwise_is_left_alone(
    own: Consented, is_named: bool
) -> None:
    account_id = own.start_over("Payroll" if is_named else "CiraSync")
    own.grant(EXTRA)
    if is_named:
        own.remember(account_id)
    told = ended(own.tenancy.close(identity=POST_APPLY), 1 if is_named else 0)
    assert list(own.granted().values()) == [EXTRA]
    assert ("and it is no 'CiraSync' now" if is_named else "no earlier run names the application") in told


def test_closing_is_done_whatever_keeps_it_from_trimming(own: Consented) -> None:
    account_id = own.start_over()
    own.remember(account_id)
    own.grant(EXTRA)
    own.tenancy.grant(account_id)
    own.tenancy.scene.control.declare_faults({"route": "GET /oauth2PermissionGrants", "status": 403, "times": 20})
    told = ended(own.tenancy.close(identity=POST_APPLY), 1)
    own.tenancy.scene.control.clear_faults()
    assert own.tenancy.roles_of(account_id) == []
    assert "no privileged role by any path" in told
    assert list(own.granted().values()) == [EXTRA]
    assert "somebody may have consented" in ended(own.tenancy.close(identity=CLOSE), 1)
    # The account that cannot be read is no reason to forget it either.
    own.tenancy.scene.control.declare_faults({"route": "GET /users", "status": 403, "times": 60, "nth": 4})
    ended(own.tenancy.close(identity=POST_APPLY), 1)
    own.tenancy.scene.control.clear_faults()
    assert f"application permission {EXTRA} of" in ended(own.tenancy.close(identity=POST_APPLY), 1)
    assert own.granted() == {}
    ended(own.tenancy.close(identity=CLOSE), 0)


def test_guard_that_ends_a_window_looks_after_its_consent_too(own: Consented) -> None:
    account_id = own.start_over()
    own.remember(account_id)
    own.grant(DECLARED, EXTRA)
    own.tenancy.grant(account_id)
    own.tenancy.scene.control.advance_clock(61 * 60)
    told = ended(own.tenancy.close("--guard", identity=POST_APPLY), 1)
    assert own.tenancy.roles_of(account_id) == [], told
    assert list(own.granted().values()) == [DECLARED]
