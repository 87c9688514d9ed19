"""No password is written into a stack, where everybody who reads the repository or the plan would know it."""

from collections.abc import Iterator, Mapping

from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import USER, Subject


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find users whose password the plan knows, or the configuration spells out."""
    for change in subject.remaining(USER):
        before, after = change.change.before or {}, change.change.after or {}
        is_known = isinstance(after.get("password"), str) and after["password"] != before.get("password")
        declared = subject.declaration_of(change)
        expression = declared.expressions.get("password") if declared else None
        literal = expression.get("constant_value") if isinstance(expression, Mapping) else None
        # Terraform shows a template in JSON syntax as a constant, unevaluated.
        if is_known or (isinstance(literal, str) and "${" not in literal):
            yield Breach(("is given a password that is written down",), change.address)


RULE = Rule(
    id="password_is_no_literal",
    title="No password is set to a literal",
    severity=Severity.CRITICAL,
    why="It stands in the repository, in the plan and in the state, and signs in wherever the account is enabled.",
    remedy="Create the account with a throw-away that nobody knows (uuid()); the post-apply program replaces it.",
    source="docs/how-it-works.md#the-password-in-the-state",
    judge=judge,
)
