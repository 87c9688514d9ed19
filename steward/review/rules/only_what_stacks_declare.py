"""The plan holds the things of a tenant's stack and no others, and runs no program of somebody's own."""

from collections.abc import Iterator, Mapping
from typing import Any

from steward.review.plan import ConfigurationModule
from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import APP_ROLE_ASSIGNMENT, OTHER_ROLE_GRANTS, ROLE_ASSIGNMENT, Subject, remains
from steward.review.subject import APPLICATION as APPLICATION_KIND
from steward.review.values import at, is_unknown
from steward.review.words import shown
from steward.wellknown.latch import LATCH
from steward.wellknown.stack import ACCOUNT, APPLICATION, MFA_POLICY, OUTPUTS, SERVICE_PRINCIPAL

_ADDRESSES = frozenset({ACCOUNT, APPLICATION, LATCH, MFA_POLICY, SERVICE_PRINCIPAL})
# The rules on roles and app roles judge these one by one.
_KINDS = frozenset({APP_ROLE_ASSIGNMENT, ROLE_ASSIGNMENT}) | OTHER_ROLE_GRANTS
_READ = ("data", "azuread_group")


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find things and outputs that no tenant's stack declares, programs that it would run, and modules."""
    for change in subject.changes():
        if remains(change) and change.type not in _KINDS and change.address not in _ADDRESSES:
            yield Breach(("is nothing that a tenant's stack declares",), change.address)
    for change in subject.remaining(APPLICATION_KIND):
        if at(change.change.after, "password") or is_unknown(change.change, "password"):
            yield Breach(("holds a password of the application",), change.address)
    if subject.plan.action_invocations:
        yield Breach(("invokes actions of a provider, which are no change of anything and may do anything",))
    yield from _judge_configuration(subject.plan.configuration.root_module)


def _judge_configuration(root: ConfigurationModule) -> Iterator[Breach]:
    for declared in root.resources:
        if declared.provisioners:
            yield Breach(("runs a program when it is applied",), declared.address)
        if declared.mode != "managed" and (declared.mode, declared.type) != _READ:
            yield Breach(("reads something in a way that a tenant's stack does not",), declared.address)
    for name in sorted(root.module_calls):
        yield Breach(("calls the module ", shown(name)))
    for name, output in sorted(root.outputs.items()):
        if not _is_ours(name, output):
            yield Breach(("shows something in the output ", shown(name), " that a tenant's stack does not"))


def _is_ours(name: str, declared: Any) -> bool:
    """Return whether an output is one of the stack's, and computed from nothing but what that one is."""
    source = OUTPUTS.get(name)
    expression = declared.get("expression") if isinstance(declared, Mapping) else None
    references = expression.get("references", []) if isinstance(expression, Mapping) else None
    # Terraform lists an attribute, and after it the thing that has it.
    return source is not None and references in ([], [source, source.rpartition(".")[0]])


RULE = Rule(
    id="only_what_stacks_declare",
    title="The plan holds only what a tenant's stack declares",
    severity=Severity.HIGH,
    why="What no stack declares may be a secret, a membership or a program with the deploying identity's rights, and "
    "no rule here knows it.",
    remedy="Take it out of the tenant's stack; what belongs elsewhere gets a project of its own.",
    source="docs/how-it-works.md#where-things-live",
    judge=judge,
)
