"""The steps, one file each, in the order of an account's life."""

from steward.lifecycle.step import Step
from steward.lifecycle.steps.abandon import ABANDON
from steward.lifecycle.steps.admit import ADMIT
from steward.lifecycle.steps.attend import ATTEND
from steward.lifecycle.steps.close import CLOSE
from steward.lifecycle.steps.close_alone import CLOSE_ALONE, CLOSE_RETIRED, SHUT_ALONE
from steward.lifecycle.steps.close_reopened import CLOSE_REOPENED
from steward.lifecycle.steps.consent import CONSENT
from steward.lifecycle.steps.consent_in_browser import CONSENT_IN_BROWSER
from steward.lifecycle.steps.destroy import DESTROY, DESTROY_ONCE_CLOSED
from steward.lifecycle.steps.elevate import ELEVATE
from steward.lifecycle.steps.enrol import ENROL
from steward.lifecycle.steps.guard import GUARD
from steward.lifecycle.steps.hold import HOLD
from steward.lifecycle.steps.lock_out import LOCK_OUT
from steward.lifecycle.steps.open_account import OPEN
from steward.lifecycle.steps.preflight import PREFLIGHT
from steward.lifecycle.steps.preflight_close import PREFLIGHT_CLOSE
from steward.lifecycle.steps.preflight_deploy import PREFLIGHT_DEPLOY
from steward.lifecycle.steps.preflight_guard import PREFLIGHT_GUARD
from steward.lifecycle.steps.preflight_plan import PREFLIGHT_PLAN
from steward.lifecycle.steps.preflight_reopen import PREFLIGHT_REOPEN
from steward.lifecycle.steps.preflight_retire import PREFLIGHT_RETIRE
from steward.lifecycle.steps.prove import PROVE
from steward.lifecycle.steps.remains import REMAINS
from steward.lifecycle.steps.reopen import REOPEN
from steward.lifecycle.steps.revoke import REVOKE
from steward.lifecycle.steps.seal import SEAL
from steward.lifecycle.steps.settle import SETTLE
from steward.lifecycle.steps.shut import SHUT
from steward.lifecycle.steps.trim import TRIM, TRIM_ALONE
from steward.lifecycle.steps.verify import VERIFY

STEPS: tuple[Step, ...] = (
    PREFLIGHT_DEPLOY,
    PREFLIGHT_PLAN,
    PREFLIGHT_CLOSE,
    PREFLIGHT_GUARD,
    PREFLIGHT_REOPEN,
    PREFLIGHT_RETIRE,
    PREFLIGHT,
    PROVE,
    CONSENT,
    CLOSE,
    ABANDON,
    SEAL,
    OPEN,
    ENROL,
    ADMIT,
    ELEVATE,
    CONSENT_IN_BROWSER,
    ATTEND,
    SHUT,
    TRIM,
    SETTLE,
    VERIFY,
    CLOSE_ALONE,
    SHUT_ALONE,
    TRIM_ALONE,
    GUARD,
    REOPEN,
    HOLD,
    CLOSE_REOPENED,
    CLOSE_RETIRED,
    LOCK_OUT,
    REVOKE,
    DESTROY,
    DESTROY_ONCE_CLOSED,
    REMAINS,
)

__all__ = [
    "ABANDON",
    "ADMIT",
    "ATTEND",
    "CLOSE",
    "CLOSE_ALONE",
    "CLOSE_REOPENED",
    "CLOSE_RETIRED",
    "CONSENT",
    "CONSENT_IN_BROWSER",
    "DESTROY",
    "DESTROY_ONCE_CLOSED",
    "ELEVATE",
    "ENROL",
    "GUARD",
    "HOLD",
    "LOCK_OUT",
    "OPEN",
    "PREFLIGHT",
    "PREFLIGHT_CLOSE",
    "PREFLIGHT_DEPLOY",
    "PREFLIGHT_GUARD",
    "PREFLIGHT_PLAN",
    "PREFLIGHT_REOPEN",
    "PREFLIGHT_RETIRE",
    "PROVE",
    "REMAINS",
    "REOPEN",
    "REVOKE",
    "SEAL",
    "SETTLE",
    "SHUT",
    "SHUT_ALONE",
    "STEPS",
    "TRIM",
    "TRIM_ALONE",
    "VERIFY",
]
