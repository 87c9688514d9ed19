"""The consent that a person gives in a browser: what each step intends, situation by situation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steward.acts import DeleteDelegatedGrant, RevokeAppRole, SetDelegatedScopes
from steward.config.model import Consent, FirstSignIn, Tenant
from steward.errors import ExitCode
from steward.facts import (
    Absent,
    AppRoleGrant,
    ConsentAnswer,
    ConsentEntry,
    ConsentPageState,
    DelegatedGrant,
    Facts,
    GrantedBefore,
    MethodsState,
    NoClient,
    SignInAttempt,
    Unreadable,
)
from steward.lifecycle.actions import Action, Already, Blocked, GraphCall, Invite, Wait
from steward.lifecycle.step import Step
from steward.lifecycle.steps import ATTEND, CONSENT, CONSENT_IN_BROWSER, ENROL, TRIM, TRIM_ALONE
from steward.lifecycle.steps.consent_in_browser import SETTLING
from steward.lifecycle.steps.preflight import declared_addresses
from steward.lifecycle.window import is_attended
from steward.wellknown.stack import SERVICE_PRINCIPAL
from tests.lifecycle import situation as s
from tests.lifecycle import test_windows as w

OWN = w.IN_WINDOW.model_copy(update={"consent": Consent.BROWSER})
VENDORS = OWN.model_copy(
    update={"application": OWN.application.model_copy(update={"client_id": "aaaaaaaa-0000-4000-8000-00000000000a"})}
)
ONLY_CONSENT = OWN.model_copy(update={"first_sign_in": FirstSignIn.NONE})
LOGIN = s.TENANT.account.login
INVITED = ConsentPageState(is_invited=True)
NOW = w.NOW
SECOND = "waits a second look at the grants"
UNREADABLE = w.UNREADABLE
NOT_THERE = NoClient("the service principal of application aaaaaaaa-0000-4000-8000-00000000000a")
NO_API = Absent("the service principal of the API")
MORE = AppRoleGrant("role-grant-2", s.GRAPH_ID, "undeclared")
EXTRA = replace(s.GRANTED, app_roles=(*s.GRANTED.app_roles, MORE))
LESS = replace(s.GRANTED, delegated=())
NOTHING = GrantedBefore("client-app", frozenset())
FROM_BEFORE = replace(NOTHING, ids=frozenset({"role-grant-1", "role-grant-2"}))
OWED = replace(NOTHING, is_owed=True)


def looked(first: float, last: float, *, agreeing: float = 0, let: float = -60) -> GrantedBefore:
    """Return what is owed a look, with looks so many seconds from now, after somebody was let consent."""
    first_at, last_at = NOW + timedelta(seconds=first), NOW + timedelta(seconds=last)
    return replace(
        OWED,
        let_at=NOW + timedelta(seconds=let),
        looking_since=first_at,
        agreeing_since=first_at + timedelta(seconds=agreeing),
        looked_at=last_at,
    )


ONCE, TWICE = looked(0, 0), looked(0, 6)
# Somebody else of the tenant has agreed to be signed in with, which nobody's admin consent brings.
BY_A_USER = DelegatedGrant("grant-9", s.GRAPH_ID, "somebody else", frozenset({"openid"}))
USED = replace(s.GRANTED, delegated=(*s.GRANTED.delegated, BY_A_USER))
LITTLE = replace(s.CALLER, permissions=frozenset({"Application.Read.All", "DelegatedPermissionGrant.Read.All"}))
BEFORE = replace(
    w.READY,
    grants=s.GRANTS,
    granted_before=NOTHING,
    consent_page=ConsentPageState(),
    consent_entry=Absent("a consent"),
    attempts=(),
)
DURING = replace(
    w.RUNNING,
    grants=s.GRANTS,
    granted_before=NOTHING,
    consent_page=INVITED,
    consent_entry=Absent("a consent"),
    attempts=(),
    methods=MethodsState(w.FACTOR, (w.ISSUED,)),
)


def attempt(code: int, *, user_id: str = s.ACCOUNT_ID, seconds: int = 0) -> SignInAttempt:
    login = LOGIN if user_id == s.ACCOUNT_ID else "mara.holt@contoso.example"
    return SignInAttempt(NOW + timedelta(seconds=seconds), user_id, login, "CiraSync", code)


def answered(code: str = "", tenant_id: str = s.TENANT.tenant.id) -> ConsentPageState:
    return replace(INVITED, answer=ConsentAnswer(NOW, code, tenant_id))


CASES: list[tuple[str, Step, Facts, Tenant, list[str]]] = [
    # At the head of the run.
    ("head leaves the granting to the page", CONSENT, BEFORE, OWN, ["already consent"]),
    (
        "head lets the vendor's come with the consent",
        CONSENT,
        replace(BEFORE, grants=NOT_THERE),
        VENDORS,
        ["already consent"],
    ),
    ("head misses an own registration", CONSENT, replace(BEFORE, grants=NOT_THERE), OWN, [f"blocked {NOT_THERE.what}"]),
    (
        "head takes back what our own has too much",
        CONSENT,
        replace(BEFORE, grants=EXTRA),
        OWN,
        ["revoked RevokeAppRole", "already consent"],
    ),
    (
        "head opens no window over what the vendor's has from before",
        CONSENT,
        replace(
            BEFORE,
            grants=replace(LESS, app_roles=EXTRA.app_roles),
            granted_before=FROM_BEFORE,
        ),
        VENDORS,
        ["found CiraSync", "blocked consent"],
    ),
    (
        "head names what the vendor's has from before although nothing is missing",
        CONSENT,
        replace(BEFORE, grants=EXTRA, granted_before=FROM_BEFORE),
        VENDORS,
        ["found CiraSync", "already consent"],
    ),
    (
        "head takes from the vendor's what a killed run's consent brought",
        CONSENT,
        replace(BEFORE, grants=EXTRA, granted_before=replace(OWED, is_earlier=True)),
        VENDORS,
        ["revoked RevokeAppRole", "already consent"],
    ),
    (
        "head takes nothing from the vendor's where nobody knows what it had",
        CONSENT,
        replace(BEFORE, grants=EXTRA, granted_before=UNREADABLE),
        VENDORS,
        ["found CiraSync", "already consent"],
    ),
    (
        "head opens a window whatever users granted for themselves",
        CONSENT,
        replace(BEFORE, grants=replace(LESS, delegated=(BY_A_USER,))),
        VENDORS,
        ["found CiraSync", "already consent"],
    ),
    (
        "head names what users granted our own for themselves",
        CONSENT,
        replace(BEFORE, grants=USED),
        OWN,
        ["found CiraSync", "already consent"],
    ),
    (
        "head does not begin a sealed tenant anew",
        CONSENT,
        replace(BEFORE, stack=s.SEALED_STACK, grants=LESS),
        OWN,
        ["blocked consent"],
    ),
    (
        "head is content once sealed",
        CONSENT,
        replace(BEFORE, stack=s.SEALED_STACK, grants=s.GRANTED),
        OWN,
        ["already consent"],
    ),
    ("head misses an API", CONSENT, replace(BEFORE, grants=NO_API), VENDORS, [f"blocked {NO_API.what}"]),
    (
        "nobody waits for an API",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=NO_API),
        VENDORS,
        [f"blocked {NO_API.what}"],
    ),
    ("head cannot tell without the grants", CONSENT, replace(BEFORE, grants=UNREADABLE), OWN, ["blocked it"]),
    # In the window.
    ("nobody was invited yet", CONSENT_IN_BROWSER, replace(DURING, consent_page=ConsentPageState()), OWN, ["invites"]),
    (
        "the vendor's is invited to without a service principal",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=NOT_THERE, consent_page=ConsentPageState()),
        VENDORS,
        ["invites"],
    ),
    ("waits for the person", CONSENT_IN_BROWSER, DURING, OWN, ["waits admin consent"]),
    (
        "waits for the vendor's to appear",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=NOT_THERE),
        VENDORS,
        ["waits admin consent"],
    ),
    ("believes Graph", CONSENT_IN_BROWSER, replace(DURING, grants=s.GRANTED), OWN, ["already admin consent"]),
    (
        "believes Graph whatever the page says",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=s.GRANTED, consent_page=answered("access_denied")),
        OWN,
        ["already admin consent"],
    ),
    (
        "does not believe the page",
        CONSENT_IN_BROWSER,
        replace(DURING, consent_page=answered()),
        OWN,
        ["waits admin consent"],
    ),
    (
        "less than declared",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=LESS, consent_page=replace(INVITED, changed=NOW - SETTLING)),
        OWN,
        ["blocked admin consent"],
    ),
    (
        "less than declared may still become all",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=LESS, consent_page=replace(INVITED, changed=NOW)),
        VENDORS,
        ["waits admin consent"],
    ),
    (
        "the page's yes that Graph never shows",
        CONSENT_IN_BROWSER,
        replace(DURING, consent_page=replace(INVITED, answer=ConsentAnswer(NOW - SETTLING, "", ""))),
        OWN,
        ["blocked admin consent"],
    ),
    (
        "more than declared is taken back",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=EXTRA),
        OWN,
        ["revoked RevokeAppRole"],
    ),
    (
        "more than declared is taken back from the vendor's too",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=EXTRA),
        VENDORS,
        ["revoked RevokeAppRole"],
    ),
    (
        "what the vendor's had before is not ours to take",
        CONSENT_IN_BROWSER,
        replace(DURING, grants=EXTRA, granted_before=FROM_BEFORE),
        VENDORS,
        ["already admin consent"],
    ),
    ("the window is over", CONSENT_IN_BROWSER, replace(DURING, window=w.OVER), OWN, ["blocked admin consent"]),
    ("the account was disabled", CONSENT_IN_BROWSER, replace(DURING, account=w.CLOSED), OWN, ["blocked admin consent"]),
    (
        "declined",
        CONSENT_IN_BROWSER,
        replace(DURING, consent_page=answered("access_denied")),
        OWN,
        ["blocked admin consent"],
    ),
    (
        "consented in another tenant",
        CONSENT_IN_BROWSER,
        replace(DURING, consent_page=answered(tenant_id="99999999-9999-4999-8999-999999999999")),
        OWN,
        ["blocked admin consent"],
    ),
    (
        "the pass is over",
        CONSENT_IN_BROWSER,
        replace(DURING, methods=MethodsState(w.FACTOR, (replace(w.USED, ends=NOW),))),
        OWN,
        ["blocked pass"],
    ),
    ("no window without its reading", CONSENT_IN_BROWSER, replace(DURING, window=UNREADABLE), OWN, ["blocked it"]),
    ("no grants without their reading", CONSENT_IN_BROWSER, replace(DURING, grants=UNREADABLE), OWN, ["blocked it"]),
    (
        "nobody is invited twice",
        CONSENT_IN_BROWSER,
        replace(DURING, stack=s.SEALED_STACK),
        OWN,
        ["already admin consent"],
    ),
    # Afterwards.
    ("trim takes back what came late", TRIM, replace(DURING, known_grants=EXTRA), OWN, ["revoked RevokeAppRole"]),
    (
        "trim takes back what came late from the vendor's",
        TRIM,
        replace(DURING, known_grants=EXTRA),
        VENDORS,
        ["revoked RevokeAppRole"],
    ),
    ("trim leaves what is declared", TRIM, replace(DURING, known_grants=s.GRANTED), OWN, ["already grants"]),
    (
        "trim finds nothing where nobody consented",
        TRIM,
        replace(DURING, known_grants=NOT_THERE),
        VENDORS,
        ["already grants"],
    ),
    ("trim cannot tell without the grants", TRIM, replace(DURING, known_grants=UNREADABLE), OWN, ["blocked it"]),
    (
        "trim names what users granted our own for themselves",
        TRIM,
        replace(DURING, known_grants=USED),
        OWN,
        ["found CiraSync"],
    ),
    (
        "trim names what the vendor's has from before",
        TRIM,
        replace(DURING, known_grants=EXTRA, granted_before=FROM_BEFORE),
        VENDORS,
        ["found CiraSync"],
    ),
    (
        "trim goes by what is declared on the APIs that are there",
        TRIM,
        replace(DURING, known_grants=replace(EXTRA, resources={})),
        OWN,
        ["revoked RevokeAppRole", "revoked RevokeAppRole", "revoked DeleteDelegatedGrant"],
    ),
    # In closing alone.
    (
        "trim alone takes back what it may",
        TRIM_ALONE,
        replace(DURING, known_grants=EXTRA),
        OWN,
        ["revoked RevokeAppRole"],
    ),
    (
        "trim alone takes from the vendor's what is owed",
        TRIM_ALONE,
        replace(DURING, known_grants=EXTRA, granted_before=replace(OWED, is_earlier=True)),
        VENDORS,
        ["revoked RevokeAppRole"],
    ),
    (
        "trim alone passes over what the vendor's has from before",
        TRIM_ALONE,
        replace(DURING, known_grants=EXTRA, granted_before=FROM_BEFORE),
        VENDORS,
        ["already CiraSync"],
    ),
    (
        "trim alone names it where a consent is owed a look",
        TRIM_ALONE,
        replace(DURING, known_grants=EXTRA, granted_before=replace(FROM_BEFORE, is_owed=True)),
        VENDORS,
        ["found CiraSync"],
    ),
    (
        "trim alone names what its token may not take back",
        TRIM_ALONE,
        replace(DURING, caller=LITTLE, known_grants=EXTRA),
        OWN,
        ["found application permission undeclared of CiraSync"],
    ),
    (
        "trim alone keeps no closing from its end",
        TRIM_ALONE,
        replace(DURING, known_grants=UNREADABLE),
        OWN,
        ["already it"],
    ),
    (
        "trim alone names what is owed and cannot be looked at",
        TRIM_ALONE,
        replace(DURING, known_grants=UNREADABLE, granted_before=OWED),
        OWN,
        ["found it"],
    ),
    (
        "trim alone does not pass over evidence that is not whole",
        TRIM_ALONE,
        replace(DURING, known_grants=UNREADABLE, granted_before=replace(OWED, trouble="a line was changed")),
        OWN,
        ["found it"],
    ),
    (
        "trim alone passes over what nobody can tell of before once it is settled",
        TRIM_ALONE,
        replace(DURING, known_grants=UNREADABLE, granted_before=replace(NOTHING, trouble="there was one look")),
        OWN,
        ["already it"],
    ),
    (
        "trim alone leaves it to closing that the account is not ours",
        TRIM_ALONE,
        replace(DURING, account=replace(w.CLOSED, stamp=None), known_grants=EXTRA, granted_before=OWED),
        OWN,
        ["already grants"],
    ),
    (
        "trim alone names what is owed where the account cannot be read",
        TRIM_ALONE,
        replace(DURING, account=UNREADABLE, known_grants=EXTRA, granted_before=OWED),
        OWN,
        ["found grants"],
    ),
    (
        "trim alone passes over an account that cannot be read where nothing is owed",
        TRIM_ALONE,
        replace(DURING, account=UNREADABLE, known_grants=EXTRA),
        OWN,
        ["already grants"],
    ),
    (
        "trim alone does not take an application that nothing names for none",
        TRIM_ALONE,
        replace(DURING, known_grants=Absent("the application"), granted_before=OWED),
        OWN,
        ["found the grants"],
    ),
    # Looks at what is owed.
    ("trim looks twice", TRIM, replace(DURING, known_grants=s.GRANTED, granted_before=ONCE), OWN, [SECOND]),
    (
        "trim looks twice for an application that is not there",
        TRIM_ALONE,
        replace(DURING, known_grants=NOT_THERE, granted_before=ONCE),
        VENDORS,
        [SECOND],
    ),
    (
        "trim takes back what the first look shows",
        TRIM,
        replace(DURING, known_grants=EXTRA, granted_before=ONCE),
        OWN,
        ["revoked RevokeAppRole"],
    ),
    (
        "trim looks again where looks differ",
        TRIM,
        replace(DURING, known_grants=s.GRANTED, granted_before=looked(0, 6, agreeing=6)),
        OWN,
        [SECOND],
    ),
    (
        "trim looks again right after somebody could consent",
        TRIM,
        replace(DURING, known_grants=s.GRANTED, granted_before=looked(0, 6, let=-1)),
        OWN,
        [SECOND],
    ),
    (
        "trim does not wait for a clock that is ahead",
        TRIM,
        replace(DURING, known_grants=s.GRANTED, granted_before=looked(0, 11, let=3600)),
        OWN,
        ["settled grants"],
    ),
    (
        "trim settles what looks agree on",
        TRIM,
        replace(DURING, known_grants=s.GRANTED, granted_before=TWICE),
        OWN,
        ["settled grants"],
    ),
    (
        "trim alone settles it too, and names what it leaves alone",
        TRIM_ALONE,
        replace(DURING, known_grants=USED, granted_before=TWICE),
        OWN,
        ["found CiraSync", "settled grants"],
    ),
    (
        "trim alone settles nothing that its token may not take back",
        TRIM_ALONE,
        replace(DURING, caller=LITTLE, known_grants=EXTRA, granted_before=TWICE),
        OWN,
        ["found application permission undeclared of CiraSync"],
    ),
    (
        "trim does not wait for ever for looks that agree",
        TRIM,
        replace(DURING, known_grants=s.GRANTED, granted_before=looked(0, 61, agreeing=60)),
        OWN,
        ["found grants"],
    ),
    # The look before it.
    (
        "head looks twice at the vendor's before a window",
        CONSENT,
        replace(BEFORE, granted_before=replace(ONCE, is_owed=False, let_at=None)),
        VENDORS,
        [SECOND],
    ),
    (
        "head looks twice at a vendor's that is not there yet",
        CONSENT,
        replace(BEFORE, grants=NOT_THERE, granted_before=replace(ONCE, is_owed=False, let_at=None)),
        VENDORS,
        [SECOND],
    ),
    (
        "head has looked twice",
        CONSENT,
        replace(BEFORE, grants=NOT_THERE, granted_before=replace(TWICE, is_owed=False, let_at=None)),
        VENDORS,
        ["already consent"],
    ),
    (
        "head needs no second look where earlier runs tell",
        CONSENT,
        replace(BEFORE, granted_before=replace(ONCE, is_earlier=True)),
        VENDORS,
        ["already consent"],
    ),
    (
        "head needs no second look at our own",
        CONSENT,
        replace(BEFORE, granted_before=replace(ONCE, is_owed=False, let_at=None)),
        OWN,
        ["already consent"],
    ),
    # The sign-in that comes after it.
    (
        "attend awaits none besides the consent",
        ATTEND,
        replace(DURING, grants=s.GRANTED),
        ONLY_CONSENT,
        ["already first sign-in"],
    ),
    ("attend waits after the consent", ATTEND, replace(DURING, grants=s.GRANTED), OWN, ["waits first sign-in"]),
    (
        "attend ends with the pass",
        ATTEND,
        replace(DURING, methods=MethodsState(w.FACTOR, (replace(w.USED, ends=NOW),))),
        OWN,
        ["blocked pass"],
    ),
]


def in_short(step: Step, facts: Facts, tenant: Tenant) -> list[str]:
    actions = s.intend(step, facts, tenant)
    return [_in_a_word(action) for action in actions]


def _in_a_word(action: Action) -> str:
    if isinstance(action, Already) and action.is_settled:
        return f"settled {action.subject}"
    return "invites" if isinstance(action, Invite) else s.in_short([action])[0]


@pytest.mark.parametrize(
    ("step", "facts", "tenant", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_step_intends(step: Step, facts: Facts, tenant: Tenant, expected: list[str]) -> None:
    assert in_short(step, facts, tenant) == expected


def test_step_that_is_given_nothing_cannot_tell() -> None:
    for step in (CONSENT, CONSENT_IN_BROWSER, TRIM):
        actions = list(step.decide(Facts(), OWN))
        assert ExitCode.COULD_NOT_TELL in {action.exit_code for action in actions if isinstance(action, Blocked)}


@pytest.mark.parametrize("code", [50057, 50105, 53000, 53003, 53004, 130501, 130504])
@pytest.mark.parametrize("step", [CONSENT_IN_BROWSER, ATTEND])
def test_refusal_that_nothing_in_the_window_mends_ends_it(step: Step, code: int) -> None:
    (action,) = s.intend(step, replace(DURING, attempts=(attempt(0, seconds=-60), attempt(code))), OWN)
    assert isinstance(action, Blocked)
    assert str(code) in action.why
    assert action.next_move


@pytest.mark.parametrize(
    ("attempts", "word"),
    [
        ((attempt(50126),), "password"),
        ((attempt(130507),), "mistyped"),
        ((attempt(130501, seconds=-60), attempt(0)), "signed in at"),
        ((attempt(53003, user_id="somebody"),), "mara.holt@contoso.example"),
        ((attempt(0), attempt(0, user_id="somebody", seconds=1)), "private window"),
        (Unreadable("the sign-in log", "503"), "cannot be read"),
    ],
)
def test_wrong_turn_that_can_be_mended_is_told_while_it_waits(attempts: tuple[SignInAttempt, ...], word: str) -> None:
    (action,) = s.intend(CONSENT_IN_BROWSER, replace(DURING, attempts=attempts), OWN)
    assert isinstance(action, Wait)
    assert word in action.reason
    assert action.until == w.OPEN_WINDOW.ends


def test_wait_ends_soon_after_a_part_is_seen() -> None:
    (action,) = s.intend(
        CONSENT_IN_BROWSER, replace(DURING, grants=LESS, consent_page=replace(INVITED, changed=NOW)), OWN
    )
    assert isinstance(action, Wait)
    assert action.until == NOW + SETTLING
    assert "User.Read" in action.reason


def test_what_is_taken_back_counts_as_a_finding_and_leaves_the_rest() -> None:
    delegated = (
        DelegatedGrant("grant-1", s.GRAPH_ID, None, frozenset({"User.Read", "Mail.Read"})),
        DelegatedGrant("grant-2", "another API", None, frozenset({"All"})),
        DelegatedGrant("grant-3", s.GRAPH_ID, "somebody else", frozenset({"openid"})),
    )
    calls = s.intend(CONSENT_IN_BROWSER, replace(DURING, grants=replace(EXTRA, delegated=delegated)), OWN)
    assert all(isinstance(call, GraphCall) and call.finding for call in calls)
    assert [call.act for call in calls if isinstance(call, GraphCall)] == [
        RevokeAppRole(s.CLIENT_ID, "role-grant-2"),
        SetDelegatedScopes("grant-1", frozenset({"User.Read"})),
        DeleteDelegatedGrant("grant-2"),
    ]


def test_invitation_names_the_application_and_says_who_is_to_sign_in() -> None:
    for tenant, client_id in ((OWN, "client-app"), (VENDORS, VENDORS.application.client_id)):
        (action,) = s.intend(CONSENT_IN_BROWSER, replace(DURING, consent_page=ConsentPageState()), tenant)
        assert isinstance(action, Invite)
        assert action.client_id == client_id
        assert LOGIN in action.instructions
        declared = tenant.application.permissions
        listed = action.instructions.partition("(")[2].partition(")")[0]
        assert all(each.value in listed for each in (*declared.application, *declared.delegated)), "to compare with"
        assert ("may lead nowhere" in action.instructions) is not tenant.application.is_own


def test_who_consented_is_told() -> None:
    entry = ConsentEntry(NOW, "ada.king@contoso.example")
    (action,) = s.intend(CONSENT_IN_BROWSER, replace(DURING, grants=s.GRANTED, consent_entry=entry), OWN)
    assert isinstance(action, Already)
    assert f"who is not {LOGIN}" in action.reason


@pytest.mark.parametrize(
    ("facts", "tenant", "expected"),
    [
        (replace(DURING, grants=LESS, first_sign_in=w.SEEN), OWN, False),
        (replace(DURING, grants=LESS, operators_word=True), OWN, False),
        (replace(DURING, grants=s.GRANTED), OWN, False),
        (replace(DURING, grants=s.GRANTED, first_sign_in=w.SEEN), OWN, True),
        (replace(DURING, grants=s.GRANTED, operators_word=True), OWN, True),
        (replace(DURING, grants=s.GRANTED), ONLY_CONSENT, True),
        (replace(DURING, grants=LESS), ONLY_CONSENT, False),
        (Facts(), ONLY_CONSENT, False),
        (replace(DURING, first_sign_in=w.SEEN), w.IN_WINDOW, True),
    ],
)
def test_window_has_served_once_consented_and_signed_in(facts: Facts, tenant: Tenant, expected: bool) -> None:
    assert is_attended(facts, tenant) is expected


ENROLLING = replace(
    DURING, methods=MethodsState(frozenset(), (replace(w.USED, used_since=NOW - timedelta(minutes=1)),))
)


def test_who_has_signed_in_with_the_pass_has_time_to_enrol() -> None:
    (action,) = s.intend(ENROL, ENROLLING, OWN)
    assert isinstance(action, Wait)
    assert action.until == NOW + timedelta(minutes=9)
    late = replace(w.USED, used_since=NOW - timedelta(minutes=10))
    late_facts = replace(ENROLLING, methods=MethodsState(frozenset(), (late,)))
    assert s.in_short(s.intend(ENROL, late_facts, OWN)) == w.SHUTTING


@pytest.mark.parametrize("code", [53003, 130501, 130504])
def test_enrolment_that_is_in_vain_ends(code: int) -> None:
    (action,) = s.intend(ENROL, replace(ENROLLING, attempts=(attempt(code),)), OWN)
    assert isinstance(action, Blocked)
    assert str(code) in action.why


def test_vendors_principal_is_expected_of_the_deploy_only_with_consent_through_graph() -> None:
    graph = VENDORS.model_copy(update={"consent": Consent.GRAPH})
    assert SERVICE_PRINCIPAL in declared_addresses(graph)
    assert SERVICE_PRINCIPAL in declared_addresses(OWN)
    assert SERVICE_PRINCIPAL not in declared_addresses(VENDORS)
