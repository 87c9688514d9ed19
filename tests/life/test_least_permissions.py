"""Each identity's permissions are the least there are: what it asks for, tenant by tenant, taken away one by one.

Seven tenants live their whole lives with exactly the documented permissions. Then each permission is tried both ways:
the journal shows a request that the tenant would have refused without it, and the preflight of an identity that lacks
it stops and names it, with nothing written. The documentation's table is made from what was seen here.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.seed import Seed, SeedLicence
from scripts import preflight
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, DEPLOY, GUARD, PLAN_ONLY, POST_APPLY, REOPEN, RETIRE
from scripts.rehearsal.tenant_file import LOGIN
from steward.config.model import SignIn, Tenant
from steward.lifecycle.needs import (
    ALWAYS,
    BY_LATCH,
    CLOSE_NEEDS,
    DASHBOARD,
    DEPLOY_NEEDS,
    FIRST_SIGN_IN,
    GOVERNED,
    GUARD_NEEDS,
    LICENCES,
    NOT_BY_LATCH,
    OWN,
    PLAN_NEEDS,
    POST_APPLY_NEEDS,
    REOPEN_NEEDS,
    RETIRE_NEEDS,
    SIGN_IN,
    VENDORS,
    Need,
    close_needs,
    deploy_needs,
    guard_needs,
    plan_needs,
    post_apply_needs,
    reopen_needs,
    retire_needs,
)
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life import test_windows
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import Tenancy
from tests.life.test_sign_in import start_post_apply, wait_for, wait_until_enabled
from tests.life.test_variants import vendors, without
from tests.programs.running import run

pytestmark = pytest.mark.terraform

NEEDS: Mapping[str, tuple[tuple[Need, ...], Callable[[Tenant], tuple[Need, ...]]]] = {
    DEPLOY: (DEPLOY_NEEDS, deploy_needs),
    POST_APPLY: (POST_APPLY_NEEDS, post_apply_needs),
    PLAN_ONLY: (PLAN_NEEDS, plan_needs),
    CLOSE: (CLOSE_NEEDS, close_needs),
    GUARD: (GUARD_NEEDS, guard_needs),
    REOPEN: (REOPEN_NEEDS, reopen_needs),
    RETIRE: (RETIRE_NEEDS, retire_needs),
}
DOCUMENT = ROOT / "docs" / "least-permissions.md"
VARIANTS = (
    "own registration",
    "no dashboard",
    "no elevation",
    "the vendor's application",
    "sign-in and a licence",
    "a window by Terraform",
    "a consent in the browser",
)
# Where these two are put to work; a window and a destroy take their time, and these show every condition of theirs.
EXERCISED = {
    REOPEN: frozenset({"sign-in and a licence"}),
    RETIRE: frozenset({"own registration", "the vendor's application", "sign-in and a licence"}),
}


@dataclass(frozen=True)
class Lived:
    """A tenant after its life, with every Graph request that the identities sent."""

    tenancy: Tenancy
    journal: tuple[Mapping[str, Any], ...]

    def refused_without(self, identity: str, need: Need) -> str | None:
        """Return a request that the identity would have been refused without a permission, rather one that writes."""
        _, needs = NEEDS[identity]
        held = {each.permission for each in needs(self.tenancy.scene.tenant)} - {need.permission}
        refused = [
            str(entry["route"])
            for entry in self.journal
            if (entry["caller"] or {}).get("name") == identity
            and "sufficient" in entry
            and not any(held.issuperset(alternative) for alternative in entry["sufficient"])
        ]
        writing = [route for route in refused if not route.startswith("GET ")]
        return next(iter([*writing, *refused]), None)


@pytest.fixture
def as_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Tenancy, str], str]:
    """Run an identity's preflight in this process, and return what it tells when it stops."""

    def run(tenancy: Tenancy, identity: str) -> str:
        for name, value in tenancy.scene.environments[identity].items():
            if name.startswith("ARM_") or name in {"TF_CLI_CONFIG_FILE", "SSL_CERT_FILE"}:
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(tenancy.scene.folder)
        assert preflight.main(["contoso.yaml", "--identity", identity]) == 1
        return capsys.readouterr().err

    return run


def _live(make_tenancy: MakeTenancy, variant: str, folders: pytest.TempPathFactory) -> Lived:
    options: dict[str, dict[str, Any]] = {
        "own registration": {},
        "no dashboard": {"edit": lambda text: without(text, "dashboard", "elevation")},
        "no elevation": {"elevation": "none"},
        "the vendor's application": {"edit": vendors},
        "sign-in and a licence": {
            "seed": replace(Seed(), licences=(*Seed().licences, SeedLicence("EXCHANGESTANDARD"))),
            "sink": folders.mktemp("sink"),
            "edit": lambda text: text.replace("  sign_in:", "  licences: [EXCHANGESTANDARD]\n  sign_in:"),
        },
        "a window by Terraform": {"elevation": "in_window", "seed": test_windows.SEED, "sink": folders.mktemp("sink")},
        "a consent in the browser": {
            "elevation": "scheduled",
            "consent": "browser",
            "seed": replace(test_windows.SEED, licences=(SeedLicence("AAD_PREMIUM_P2"),)),
            "sink": folders.mktemp("sink"),
            # Whatever the logs are read for is then read for the consent.
            "edit": lambda text: text.replace("consent: browser\n", "consent: browser\nfirst_sign_in: none\n"),
        },
    }
    tenancy = make_tenancy(**options[variant])
    tenancy.scene.control.reset()
    assert _preflight(tenancy, DEPLOY).returncode == 0
    tenancy.run_terraform("apply", "-auto-approve", "-input=false")
    tenancy.run_terraform("plan", "-input=false", "-detailed-exitcode", identity=PLAN_ONLY)
    sink = options[variant].get("sink")
    if sink is None:
        tenancy.post_apply()
    elif tenancy.scene.tenant.consents_in_browser:
        _consent_in_window(tenancy, sink)
    elif tenancy.scene.tenant.opens_window:
        _hold_window(tenancy, sink)
    else:
        _enrol(tenancy, sink)
    tenancy.run_terraform("plan", "-input=false", "-detailed-exitcode", identity=PLAN_ONLY)
    if variant in EXERCISED[REOPEN]:
        _reopen(tenancy)
    _close_after_somebody_granted_and_enabled(tenancy)
    _guard_and_close_alone(tenancy)
    if variant in EXERCISED[RETIRE]:
        _retire(tenancy)
    return Lived(tenancy, tuple(tenancy.scene.control.journal()))


def _enrol(tenancy: Tenancy, sink: Path) -> None:
    with start_post_apply(tenancy) as running:
        code = wait_for(sink, "*.pass")
        wait_until_enabled(tenancy)
        tenancy.scene.control.register_method(LOGIN, code.read_text().strip())
        output, _ = running.communicate(timeout=60)
    assert running.returncode == 0, output


def _hold_window(tenancy: Tenancy, sink: Path) -> None:
    windowed = test_windows.Windowed(tenancy, sink)
    with test_windows.running(tenancy) as process:
        windowed.enrol()
        test_windows.read_until(process, "waiting     first sign-in")
        tenancy.run_terraform("plan", "-input=false", "-detailed-exitcode", identity=PLAN_ONLY)
        tenancy.scene.control.advance_clock(301)
        windowed.sign_in()
        code, output = test_windows.end_of(process)
    assert code == 0, output


def _consent_in_window(tenancy: Tenancy, sink: Path) -> None:
    """Grant what the page of the admin consent grants, and more of both kinds than is declared, in a window for it."""
    with test_windows.running(tenancy) as process:
        test_windows.Windowed(tenancy, sink).enrol()
        test_windows.read_until(process, "waiting     admin consent")
        tenancy.scene.control.advance_clock(301)
        _grant_as_page(tenancy, more=("Mail.Read",), more_scopes=("Mail.Send",))
        code, output = test_windows.end_of(process)
    assert code == 1, output
    assert output.count("it was granted, and the tenant file does not declare it") == 2, output
    roles, scopes = tenancy.grants()
    assert (len(roles), [sorted(each.split()) for each in scopes]) == (3, [["User.Read", "offline_access"]])


def _grant_as_page(tenancy: Tenancy, *, more: Sequence[str], more_scopes: Sequence[str]) -> None:
    act, application = tenancy.scene.control.act, tenancy.scene.tenant.application
    (client,) = act("GET", f"/v1.0/servicePrincipals?$filter=displayName eq '{application.display_name}'")["value"]
    (graph,) = act("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{MICROSOFT_GRAPH_APP_ID}'")["value"]
    offered = {role["value"]: role["id"] for role in graph["appRoles"]}
    scopes = [*(entry.value for entry in application.permissions.delegated), *more_scopes]
    body = {"clientId": client["id"], "resourceId": graph["id"], "consentType": "AllPrincipals"}
    act("POST", "/v1.0/oauth2PermissionGrants", {**body, "scope": " ".join(scopes)})
    for name in (*more, *(entry.value for entry in application.permissions.application)):
        body = {"principalId": client["id"], "resourceId": graph["id"], "appRoleId": offered[name]}
        act("POST", f"/v1.0/servicePrincipals/{graph['id']}/appRoleAssignedTo", body)


def _reopen(tenancy: Tenancy) -> None:
    """Open a second window, and issue a pass in it, so that its end has to close the account as well."""
    text = (tenancy.scene.folder / "contoso.yaml").read_text()
    sealed = tenancy.scene.folder / "sealed.yaml"
    sealed.write_text(text.replace("  sign_in: allowed\n", "  sign_in: allowed\n  sealed_on: 2026-11-20\n"))
    options = ("--reason", "a ticket", "--minutes", "30", "--poll-seconds", "0.2")
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "reopen.py"), sealed.name, *options],
        cwd=tenancy.scene.folder,
        env=dict(tenancy.scene.environments[REOPEN]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        test_windows.read_until(running, "waiting     second window")
        methods = f"/v1.0/users/{tenancy.account()['id']}/authentication/temporaryAccessPassMethods"
        tenancy.scene.control.act("POST", methods, {"isUsableOnce": True})
        tenancy.scene.control.advance_clock(30 * 60)
        code, output = test_windows.end_of(running)
    assert code == 0, output
    assert not tenancy.holds_role()


def _retire(tenancy: Tenancy) -> None:
    """Retire a tenant to which everything was given that can be taken from it."""
    account_id = _enable_and_grant(tenancy)
    if tenancy.scene.tenant.account.sign_in is SignIn.ALLOWED:
        methods = f"/v1.0/users/{account_id}/authentication/temporaryAccessPassMethods"
        tenancy.scene.control.act("POST", methods, {"isUsableOnce": True})
    ended = run(
        tenancy.scene.script("retire", "--yes"),
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[RETIRE],
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _close_after_somebody_granted_and_enabled(tenancy: Tenancy) -> None:
    _enable_and_grant(tenancy)
    tenancy.post_apply("--only", "close")
    assert not tenancy.holds_role()
    assert not tenancy.account()["accountEnabled"]


def _enable_and_grant(tenancy: Tenancy) -> str:
    account_id = str(tenancy.account()["id"])
    tenancy.scene.control.act("PATCH", f"/v1.0/users/{account_id}", {"accountEnabled": True})
    _grant(tenancy, account_id)
    return account_id


def _grant(tenancy: Tenancy, principal_id: str) -> None:
    role = {"principalId": principal_id, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    tenancy.scene.control.act("POST", "/v1.0/roleManagement/directory/roleAssignments", role)


def _guard_and_close_alone(tenancy: Tenancy) -> None:
    account_id = _enable_and_grant(tenancy)
    act = tenancy.scene.control.act
    # Some of a tenant's administrators hold the role through a group.
    group = {
        "displayName": "sg-emergency",
        "mailNickname": "sg-emergency",
        "mailEnabled": False,
        "securityEnabled": True,
        "isAssignableToRole": True,
    }
    _grant(tenancy, act("POST", "/v1.0/groups", group)["id"])
    if tenancy.scene.tenant.account.sign_in is SignIn.ALLOWED:
        act("POST", f"/v1.0/users/{account_id}/authentication/temporaryAccessPassMethods", {"isUsableOnce": True})
    for identity, options, code in ((GUARD, ("--guard",), 1), (CLOSE, (), 0)):
        ended = run(
            tenancy.scene.script("close", *options),
            folder=tenancy.scene.folder,
            environment=tenancy.scene.environments[identity],
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
    assert not tenancy.holds_role()
    assert not tenancy.account()["accountEnabled"]


def _preflight(tenancy: Tenancy, identity: str) -> subprocess.CompletedProcess[str]:
    command = tenancy.scene.script("preflight", "--identity", identity)
    return run(
        command,
        folder=tenancy.scene.folder,
        environment=tenancy.scene.environments[identity],
    )


# Which of the tenants shows each condition, for the documentation's table.
SHOWN_BY = {
    ALWAYS: "own registration",
    BY_LATCH: "own registration",
    OWN: "own registration",
    DASHBOARD: "own registration",
    NOT_BY_LATCH: "no elevation",
    VENDORS: "the vendor's application",
    SIGN_IN: "sign-in and a licence",
    LICENCES: "sign-in and a licence",
    FIRST_SIGN_IN: "a window by Terraform",
    GOVERNED: "a consent in the browser",
}


def test_documented_table_has_a_row_for_every_permission_and_no_other(pytestconfig: pytest.Config) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = {" | ".join(line.split(" | ")[:3]) + " |" for line in text.split("\n") if line.startswith("| ")}
    wanted = [_start(identity, need) for identity, (needs, _) in NEEDS.items() for need in needs]
    if pytestconfig.getoption("--write-tables"):
        head = text[: text.index("| identity")]
        table = ["| identity | permission | needed | without it, refused is |", "| --- | --- | --- | --- |", *wanted]
        DOCUMENT.write_text(head + "\n".join(table) + "\n", encoding="utf-8")
        return
    assert documented - {"| identity | permission | needed |", "| --- | --- | --- |"} == set(wanted)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_permission_is_needed_and_its_absence_is_named(
    make_tenancy: MakeTenancy,
    tmp_path_factory: pytest.TempPathFactory,
    as_program: Callable[[Tenancy, str], str],
    pytestconfig: pytest.Config,
    variant: str,
) -> None:
    lived = _live(make_tenancy, variant, tmp_path_factory)
    tenancy = lived.tenancy
    rows = {}
    for identity, (_, needs) in NEEDS.items():
        if variant not in EXERCISED.get(identity, VARIANTS):
            continue
        others: list[str] = []
        for need in needs(tenancy.scene.tenant):
            refused = lived.refused_without(identity, need)
            assert refused, f"{identity} does without {need.permission}"
            if SHOWN_BY[need.when] == variant:
                _name_without(tenancy, as_program, identity, [need.permission])
                rows[_start(identity, need)] = f"{_start(identity, need)} `{refused}` |"
            else:
                others.append(need.permission)
        # What the table shows by another tenant is tried here together: preflight names all that is missing at once.
        if others:
            _name_without(tenancy, as_program, identity, others)
    text = DOCUMENT.read_text(encoding="utf-8")
    seen = "\n".join(
        next((row for start, row in rows.items() if line.startswith(start)), line) for line in text.split("\n")
    )
    if pytestconfig.getoption("--write-tables"):
        DOCUMENT.write_text(seen, encoding="utf-8")
    assert seen == DOCUMENT.read_text(encoding="utf-8"), "run with --write-tables -n 0, and read what it changes"


def _name_without(
    tenancy: Tenancy, as_program: Callable[[Tenancy, str], str], identity: str, permissions: Sequence[str]
) -> None:
    """Take permissions from an identity: its preflight stops and names each, with nothing written."""
    control = tenancy.scene.control
    control.clear_journal()
    for permission in permissions:
        control.withdraw(identity, permission)
    told = as_program(tenancy, identity)
    for permission in permissions:
        control.grant(identity, permission)
        assert re.search(rf"missing     permissions?\b.*(?<![\w.-]){re.escape(permission)}(?![\w.-])", told), told
    assert tenancy.writes() == []


def _start(identity: str, need: Need) -> str:
    return f"| {identity} | `{need.permission}` | {need.when.words} |"
