"""The steps, one file each, in the order of an account's life."""

from steward.lifecycle.step import Step
from steward.lifecycle.steps.abandon import ABANDON
from steward.lifecycle.steps.close import CLOSE
from steward.lifecycle.steps.consent import CONSENT
from steward.lifecycle.steps.enrol import ENROL
from steward.lifecycle.steps.open_account import OPEN
from steward.lifecycle.steps.preflight import PREFLIGHT
from steward.lifecycle.steps.preflight_deploy import PREFLIGHT_DEPLOY
from steward.lifecycle.steps.preflight_plan import PREFLIGHT_PLAN
from steward.lifecycle.steps.prove import PROVE
from steward.lifecycle.steps.seal import SEAL
from steward.lifecycle.steps.settle import SETTLE
from steward.lifecycle.steps.shut import SHUT
from steward.lifecycle.steps.verify import VERIFY

STEPS: tuple[Step, ...] = (
    PREFLIGHT_DEPLOY,
    PREFLIGHT_PLAN,
    PREFLIGHT,
    PROVE,
    CONSENT,
    CLOSE,
    ABANDON,
    SEAL,
    OPEN,
    ENROL,
    SHUT,
    SETTLE,
    VERIFY,
)

__all__ = [
    "ABANDON",
    "CLOSE",
    "CONSENT",
    "ENROL",
    "OPEN",
    "PREFLIGHT",
    "PREFLIGHT_DEPLOY",
    "PREFLIGHT_PLAN",
    "PROVE",
    "SEAL",
    "SETTLE",
    "SHUT",
    "STEPS",
    "VERIFY",
]
