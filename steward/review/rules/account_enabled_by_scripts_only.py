"""Terraform never opens the account: its state knows the password that the account was created with."""

from collections.abc import Iterator

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import USER, Subject, is_touched
from steward.review.values import is_unknown


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find users whom the plan creates enabled, or enables."""
    for change in subject.remaining(USER):
        if not is_touched(change):
            continue
        before, after = change.change.before or {}, change.change.after or {}
        # Left out, the provider creates an enabled user.
        is_enabled = after.get("account_enabled", True) is not False or is_unknown(change.change, "account_enabled")
        if "create" in change.change.actions and is_enabled:
            yield Breach(("is created enabled",), change.address)
        elif is_enabled and before.get("account_enabled") is not True:
            yield Breach(("is enabled",), change.address)


RULE = Rule(
    id="account_enabled_by_scripts_only",
    title="Terraform does not enable the account",
    severity=Severity.CRITICAL,
    why="The password that Terraform set stands in its state; an account that it enables can be used by whoever "
    "reads that.",
    remedy="Keep account_enabled = false with ignore_changes; the post-apply program enables the account once its "
    "password is replaced.",
    source="docs/how-it-works.md#the-password-in-the-state",
    judge=judge,
)
