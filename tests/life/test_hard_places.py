"""Places that a tenant gets into by accident, by hand or with old files: each row of docs/hard-places.md, tried.

A row says what Terraform's plan shows there, and which commands are left to run. The plan is compared with the real
one, the commands are pasted, and in the end nobody holds the role, nobody can sign in, and a plan finds nothing to do.
"""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import DEPLOY
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.life.conftest import MakeTenancy
from tests.life.hard_places import (
    APPLY,
    CLOSE,
    CLOSE_ONLY,
    DEPLOY_AGAIN,
    DEPLOYED,
    NOTHING,
    POST_APPLY,
    PREFLIGHT,
    SEALED,
    STACK,
    TURN_BACK,
    Hard,
)
from tests.life.tenancy import LATCH, ROLE

ROLES = "/v1.0/roleManagement/directory/roleAssignments"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
POLICY_CREATED = "POST /identity/conditionalAccess/policies"
PREPARED, PRIVILEGED = "prepared", "privileged"
NAMES = {
    "terraform_data": "latch",
    "azuread_user": "account",
    "azuread_conditional_access_policy": "policy",
    "azuread_application": "application",
    "azuread_service_principal": "service principal",
    "azuread_app_role_assignment": "dashboard roles",
    "azuread_directory_role_assignment": "role",
}
EVERYTHING = dict.fromkeys(NAMES.values(), "create")
PATIENCE_SECONDS = 120
# Latch, account, application, service principal, two dashboard roles: what needs no policy.
_MADE_BEFORE_THE_POLICY = 6


@dataclass(frozen=True)
class Place:
    """One row: where a life stood, what happened to it, what a plan shows, what is run and what each run ends with.

    `plan` is what a plan does to what, or the words with which it fails. `then` follows the plan, `between` the first
    command. What `arrange` returns as a context lasts until after the first command.
    """

    situation: str
    begin: str
    arrange: Callable[[Hard], AbstractContextManager[None] | None]
    plan: Mapping[str, str] | str
    then: Callable[[Hard], None] = lambda _: None
    run: tuple[tuple[str, int], ...] = ()
    between: Callable[[Hard], None] = lambda _: None
    options: tuple[str, ...] = ()
    phase: str = SEALED

    def row(self) -> tuple[str, str, str]:
        """Return the cells of the row that are this case's: situation, plan, commands."""
        return self.situation, _in_words(self.plan), "<br>".join(f"`{command}`" for command, _ in self.run)


def _in_words(plan: Mapping[str, str] | str) -> str:
    if isinstance(plan, str):
        return f"fails: {plan}"
    actions = dict.fromkeys(plan.values())
    lists = [f"{action} {', '.join(name for name in plan if plan[name] == action)}" for action in actions]
    return "; ".join(lists) or "nothing"


def _nothing(_: Hard) -> None:
    """Leave everything as it is."""


def _older_code(hard: Hard) -> None:
    stack = json.loads(hard.stack_text)
    stack["resource"][ROLE.partition(".")[0]]["global_administrator"].pop("lifecycle")
    hard.stack_file.write_text(json.dumps(stack))


def _remove_role(hard: Hard) -> None:
    held = hard.act("GET", f"{ROLES}?$filter=principalId eq '{hard.tenancy.account()['id']}'")["value"]
    for entry in held:
        hard.act("DELETE", f"{ROLES}/{entry['id']}")


def _grant_role(hard: Hard) -> None:
    account_id = hard.tenancy.account()["id"]
    body = {"principalId": account_id, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
    hard.act("POST", ROLES, body)


def _close(hard: Hard) -> None:
    """Take the role away where there is no Terraform, so that the latch stays as it is."""
    assert hard.paste(CLOSE).returncode == 0
    assert not hard.tenancy.holds_role()


def _deploy(hard: Hard) -> None:
    hard.tenancy.run_terraform("apply", "-auto-approve", "test.tfplan")
    assert hard.tenancy.holds_role(), "until the window's end a privileged latch lets a plain deploy grant it"


def _refresh_only(hard: Hard) -> None:
    _remove_role(hard)
    before = len(hard.tenancy.writes())
    hard.tenancy.run_terraform("apply", "-refresh-only", "-auto-approve", "-input=false")
    assert len(hard.tenancy.writes()) == before
    assert f"{ROLE}[0]" not in hard.tenancy.addresses_in_state()


def _import(hard: Hard) -> None:
    _grant_role(hard)
    assignment = "/roleManagement/directory/roleAssignments/any"
    refused = hard.tenancy.run_terraform("import", "-no-color", f"{ROLE}[0]", assignment, expect=frozenset({1}))
    assert "Invalid count argument" in refused.stderr
    assert f"{ROLE}[0]" not in hard.tenancy.addresses_in_state()


def _older_state(hard: Hard) -> None:
    hard.tenancy.state_file.write_bytes(hard.saved[DEPLOYED].state)


def _older_state_after_the_window(hard: Hard) -> None:
    _older_state(hard)
    hard.end_window()


def _seal_and_apply_the_old_plan(hard: Hard) -> None:
    hard.tenancy.run_terraform("apply", "-auto-approve", f"-target={LATCH}", f"-replace={LATCH}", "-var=phase=sealed")
    assert "Saved plan is stale" in _refused_apply(hard)
    assert not hard.tenancy.holds_role()


def _shorten_the_window(hard: Hard) -> None:
    hard.edit_stack(r"\"60m\"", r"\"1s\"")


def _apply_late(hard: Hard) -> None:
    time.sleep(1)
    assert "The window ended before this plan was applied" in _refused_apply(hard)
    assert not hard.tenancy.holds_role()


def _refused_apply(hard: Hard) -> str:
    """Apply the plan that was kept, and return the words with which Terraform refuses."""
    refused = hard.tenancy.run_terraform("apply", "-no-color", "test.tfplan", expect=frozenset({1}))
    return " ".join(refused.stderr.replace("│", " ").split())


def _say_sealed(hard: Hard) -> None:
    file = hard.tenant_file
    file.write_text(file.read_text().replace("account:\n", "account:\n  sealed_on: 2026-11-20\n"))
    hard.tenancy.synthesize()


def _apply_and_guard(hard: Hard) -> None:
    hard.tenancy.run_terraform("apply", "-auto-approve", "test.tfplan")
    assert not hard.tenancy.holds_role()
    # Whoever grants it by an older commit meets the guard, which believes the tenant file.
    _grant_role(hard)
    assert hard.paste(f"{CLOSE} --guard").returncode == 1
    assert not hard.tenancy.holds_role()


def _empty_break_glass(hard: Hard) -> None:
    (group,) = hard.act("GET", "/v1.0/groups?$filter=displayName eq 'sg-breakglass'")["value"]
    for member in hard.act("GET", f"/v1.0/groups/{group['id']}/members")["value"]:
        hard.act("DELETE", f"/v1.0/groups/{group['id']}/members/{member['id']}/$ref")


def _empty_break_glass_after_the_window(hard: Hard) -> None:
    _empty_break_glass(hard)
    hard.end_window()


def _delete_break_glass(hard: Hard) -> None:
    (group,) = hard.act("GET", "/v1.0/groups?$filter=displayName eq 'sg-breakglass'")["value"]
    hard.act("DELETE", f"/v1.0/groups/{group['id']}")


def _lose_state(hard: Hard) -> None:
    for left in hard.folder.glob("terraform.*"):
        left.unlink()


def _forget(*kinds: str) -> Callable[[Hard], None]:
    def forget(state: dict[str, Any]) -> None:
        state["resources"] = [entry for entry in state["resources"] if entry["type"] not in kinds]

    return lambda hard: hard.edit_state(forget)


def _delete_account(hard: Hard) -> None:
    hard.act("DELETE", f"/v1.0/users/{hard.tenancy.account()['id']}")


def _restore_account(hard: Hard) -> None:
    (deleted,) = hard.act("GET", "/v1.0/directory/deletedItems/microsoft.graph.user")["value"]
    hard.act("POST", f"/v1.0/directory/deletedItems/{deleted['id']}/restore")


def _rename_account(hard: Hard) -> None:
    changes = {"userPrincipalName": "else.where@contoso.onmicrosoft.com", "mailNickname": "else.where"}
    hard.act("PATCH", f"/v1.0/users/{hard.tenancy.account()['id']}", changes)


def _switch_policy_off(hard: Hard) -> None:
    (policy,) = hard.act("GET", POLICIES)["value"]
    hard.act("PATCH", f"{POLICIES}/{policy['id']}", {"state": "disabled"})


def _delete_policy(hard: Hard) -> None:
    (policy,) = hard.act("GET", POLICIES)["value"]
    hard.act("DELETE", f"{POLICIES}/{policy['id']}")


def _require_no_grants(hard: Hard) -> None:
    assert hard.tenancy.grants() == ([], []), "nothing is consented to while MFA is not proved"


def _fail_at_the_policy(hard: Hard) -> None:
    control = hard.tenancy.scene.control
    control.declare_faults({"route": POLICY_CREATED, "status": 400, "code": "BadRequest"})
    hard.tenancy.run_terraform("apply", "-auto-approve", expect=frozenset({1}))
    assert control.unused_faults() == []


def _break_off(number: int) -> Callable[[Hard], None]:
    """Return what breaks the first apply off while the policy is being made, and all that needs no policy is there."""

    def break_off(hard: Hard) -> None:
        hard.tenancy.scene.control.declare_faults({"route": POLICY_CREATED, "seconds": 8})
        made: set[str] = set()
        is_at_the_policy = False
        with subprocess.Popen(
            [hard.tenancy.terraform, "apply", "-json", "-input=false", "-auto-approve"],
            cwd=hard.tenancy.scene.stack,
            env=dict(hard.tenancy.scene.environments[DEPLOY]),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as applying:
            assert applying.stdout is not None
            for line in applying.stdout:
                told = json.loads(line)
                address = told.get("hook", {}).get("resource", {}).get("addr", "")
                if told["type"] == "apply_complete" and not address.startswith("data."):
                    made.add(address)
                is_at_the_policy |= told["type"] == "apply_start" and "conditional_access" in address
                if is_at_the_policy and len(made) == _MADE_BEFORE_THE_POLICY:
                    is_at_the_policy = False
                    applying.send_signal(number)
        assert applying.returncode != 0

    return break_off


def _kill_before_the_state(hard: Hard) -> None:
    _break_off(signal.SIGKILL)(hard)
    # Terraform writes it first after 20 seconds of work, which a busy machine may have taken.
    _lose_state(hard)


@contextmanager
def _too_old(hard: Hard) -> Iterator[None]:
    hard.edit_stack(">= 1.5", ">= 99.0")
    yield
    hard.stack_file.write_text(hard.stack_text)


@contextmanager
def _waiting_deploy(hard: Hard) -> Iterator[None]:
    """Let a deploy wait for its approval, with the lock, until the role is gone; it is then told no."""
    user = f"/v1.0/users/{hard.tenancy.account()['id']}"
    hard.act("PATCH", user, {"displayName": "Somebody Else"})
    with subprocess.Popen(
        [hard.tenancy.terraform, "apply", "-no-color"],
        cwd=hard.tenancy.scene.stack,
        env=dict(hard.tenancy.scene.environments[DEPLOY]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert waiting.stdout is not None
        seen = ""
        while "Enter a value:" not in seen:
            character = waiting.stdout.read(1)
            assert character, seen
            seen += character
        hard.act("PATCH", user, {"displayName": "Jordan Keller"})
        refusal = threading.Thread(target=_refuse_once_demoted, args=(hard, waiting))
        refusal.start()
        yield
        refusal.join()
    assert waiting.returncode == 1


def _refuse_once_demoted(hard: Hard, waiting: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while hard.tenancy.holds_role() and time.monotonic() < deadline:
        time.sleep(0.2)
    waiting.communicate("no\n")


def _newer_made_it(hard: Hard) -> None:
    hard.edit_state(lambda state: state.update(terraform_version="1.99.0"))


WELL = ((POST_APPLY, 0),)
DEPLOY_THEN = ((POST_APPLY, 1), (DEPLOY_AGAIN, 0), (POST_APPLY, 0))

PLACES = (
    Place("An old commit: the tenant file without `sealed_on`, an older stack", SEALED, _older_code, {}),
    Place("A plain deploy with `-var phase=privileged`", SEALED, _nothing, {}, options=("-var=phase=privileged",)),
    Place(
        "`-replace` of the latch with `-var phase=privileged`, by hand",
        SEALED,
        _nothing,
        {"latch": "replace", "role": "create"},
        options=(f"-replace={LATCH}", "-var=phase=privileged"),
        then=_deploy,
        run=WELL,
    ),
    Place(
        "The same, with `sealed_on` in the tenant file",
        SEALED,
        _say_sealed,
        {"latch": "replace"},
        options=(f"-replace={LATCH}", "-var=phase=privileged"),
        then=_apply_and_guard,
        run=((CLOSE_ONLY, 0),),
        phase=PREPARED,
    ),
    Place(
        "An old plan file of the first deploy, applied when its window is over",
        NOTHING,
        _shorten_the_window,
        EVERYTHING,
        then=_apply_late,
        run=WELL,
    ),
    Place(
        "An old plan file made before the seal",
        DEPLOYED,
        _close,
        {"role": "create"},
        then=_seal_and_apply_the_old_plan,
        run=WELL,
    ),
    Place(
        "`terraform apply -refresh-only` when the role is gone and the latch still privileged",
        DEPLOYED,
        _refresh_only,
        {"role": "create"},
        then=Hard.end_window,
        phase=PRIVILEGED,
    ),
    Place("`terraform import` of a role granted by hand", SEALED, _import, {}, run=((CLOSE, 0),)),
    Place(
        "An older backup of the state, whose latch is privileged", SEALED, _older_state, {"role": "create"}, run=WELL
    ),
    Place("The same backup, when its window is over", SEALED, _older_state_after_the_window, {}, phase=PRIVILEGED),
    Place(
        "A plain deploy between close and seal: Terraform could not run, and the latch is still privileged",
        DEPLOYED,
        _close,
        {"role": "create"},
        then=_deploy,
        run=WELL,
    ),
    Place(
        "The break-glass group was emptied after the grant, and the window is over",
        DEPLOYED,
        _empty_break_glass_after_the_window,
        {"role": "delete"},
        run=((DEPLOY_AGAIN, 0),),
        phase=PRIVILEGED,
    ),
    Place(
        "The break-glass group was deleted after the grant",
        DEPLOYED,
        _delete_break_glass,
        "No group found",
        run=((CLOSE_ONLY, 0),),
        phase=PREPARED,
    ),
    Place(
        "The state is lost",
        SEALED,
        _lose_state,
        EVERYTHING,
        run=((POST_APPLY, 1), (PREFLIGHT, 1), (f"{APPLY} -var=phase=prepared", 0), (POST_APPLY, 0)),
    ),
    Place(
        "The state has no latch",
        SEALED,
        _forget("terraform_data"),
        {"latch": "create", "role": "create"},
        run=((POST_APPLY, 1), (f"{DEPLOY_AGAIN} --var phase=prepared", 0), (POST_APPLY, 0)),
    ),
    Place(
        "The state is older than the tenant: it knows no application",
        DEPLOYED,
        _forget("azuread_application", "azuread_service_principal", "azuread_app_role_assignment"),
        {"application": "create", "service principal": "create", "dashboard roles": "create"},
        run=((POST_APPLY, 1), (PREFLIGHT, 1), (APPLY, 0), (POST_APPLY, 0)),
    ),
    Place("The role was removed by hand", DEPLOYED, _remove_role, {"role": "create"}, run=WELL),
    Place("The role was granted by hand", SEALED, _grant_role, {}, run=WELL),
    Place(
        "The account was deleted",
        DEPLOYED,
        _delete_account,
        {"account": "create", "policy": "update", "role": "create"},
        run=((POST_APPLY, 1), (POST_APPLY, 0)),
        between=_restore_account,
    ),
    Place("The account was renamed", DEPLOYED, _rename_account, {"account": "update"}, run=DEPLOY_THEN),
    Place(
        "The policy was switched off",
        DEPLOYED,
        _switch_policy_off,
        {"policy": "update"},
        run=DEPLOY_THEN,
        between=_require_no_grants,
    ),
    Place("The policy was deleted", DEPLOYED, _delete_policy, {"policy": "create"}, run=DEPLOY_THEN),
    Place(
        "The first apply failed at the policy",
        NOTHING,
        _fail_at_the_policy,
        {"policy": "create", "role": "create"},
        run=((POST_APPLY, 1), (PREFLIGHT, 0), (DEPLOY_AGAIN, 0), (POST_APPLY, 0)),
    ),
    Place(
        "The first apply was interrupted (Ctrl-C)",
        NOTHING,
        _break_off(signal.SIGINT),
        {"role": "create"},
        run=WELL,
    ),
    Place(
        "The first apply was killed (SIGKILL) before it wrote its state",
        NOTHING,
        _kill_before_the_state,
        EVERYTHING,
        run=((PREFLIGHT, 1), (f"{APPLY} -var=phase=prepared", 0), (POST_APPLY, 0)),
    ),
    Place(
        "Somebody else holds the lock of the state: a deploy that waits for its approval",
        DEPLOYED,
        _waiting_deploy,
        "Error acquiring the state lock",
        run=((POST_APPLY, 3), (POST_APPLY, 0)),
    ),
    Place(
        "Terraform is older than the stack wants",
        DEPLOYED,
        _too_old,
        "Unsupported Terraform Core version",
        run=((POST_APPLY, 3), (TURN_BACK, 0), (POST_APPLY, 0)),
    ),
    Place(
        "The state was last written by a newer Terraform",
        DEPLOYED,
        _newer_made_it,
        {},
        run=((CLOSE_ONLY, 0),),
        phase=PREPARED,
    ),
)


@pytest.fixture(scope="module")
def hard(make_tenancy: MakeTenancy) -> Hard:
    return Hard(make_tenancy())


def _shown(plan: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        NAMES[address.partition(".")[0]]: actions[0] if len(actions) == 1 else "replace"
        for address, actions in plan.items()
    }


def _require_plan(hard: Hard, place: Place) -> None:
    if isinstance(place.plan, str):
        failed = hard.tenancy.run_terraform("plan", "-input=false", "-no-color", expect=frozenset({1}))
        assert place.plan in failed.stderr
    else:
        assert _shown(hard.tenancy.plan(*place.options)) == place.plan


def _paste(hard: Hard, command: str, code: int, told: str) -> str:
    """Paste one command, which what was told before must have named; return what it tells."""
    essence = command.removeprefix("python ").removeprefix("terraform ")
    # Where nobody can answer at a terminal, what is told approves by itself.
    assert not told or command == POST_APPLY or essence in re.sub(" --?auto-approve", "", told), told
    run = hard.paste(command)
    assert run.returncode == code, f"{command}: {run.returncode}\n{run.stdout}{run.stderr}"
    if "scripts/preflight.py" not in command:
        # As told: it is there for one apply.
        (hard.folder / STACK / "import.tf.json").unlink(missing_ok=True)
    return run.stdout + run.stderr


@pytest.mark.terraform
@pytest.mark.parametrize("place", PLACES, ids=[place.situation for place in PLACES])
def test_hard_place_ends_demoted_with_state_and_tenant_agreeing(hard: Hard, place: Place) -> None:
    hard.begin(place.begin)
    left, told = list(place.run), ""
    with place.arrange(hard) or nullcontext():
        _require_plan(hard, place)
        place.then(hard)
        if left:
            told = _paste(hard, *left.pop(0), told)
    place.between(hard)
    for command, code in left:
        told += _paste(hard, command, code, told)
    assert not hard.tenancy.holds_role()
    assert not hard.tenancy.account()["accountEnabled"]
    assert hard.phase() == place.phase
    if not isinstance(place.plan, str) or place.phase == SEALED:
        assert hard.tenancy.plan() == {}


def test_table_has_a_row_for_each_place_and_no_other() -> None:
    text = (ROOT / "docs" / "hard-places.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line[:2] == "| "]
    told = [(situation, plan, commands) for situation, plan, _, commands in rows if situation != "situation"]
    assert told == [place.row() for place in PLACES]
    assert all(len(reason) > 0 for _, _, reason, _ in rows)
