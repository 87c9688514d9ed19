"""Conditional access as it applies to the account: the policies that What-If named, and what each client has to give.

The last sight of both counts, since verify asks once more at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steward.papers.record import Mark, Record, mappings, text, texts

_ENABLED = "enabled"
_MFA = "mfa"
_BLOCK = "block"


@dataclass(frozen=True)
class Policy:
    """A policy that applies to the account, as far as runs read it."""

    object_id: str
    name: str
    state: str
    users: tuple[str, ...]
    left_out: tuple[str, ...]
    applications: tuple[str, ...]
    applications_left_out: tuple[str, ...]
    clients: tuple[str, ...]
    controls: tuple[str, ...]
    strength_id: str
    is_narrowed: bool

    @property
    def demands_mfa(self) -> bool:
        """Return whether it is in force and asks for a second factor."""
        return self.state == _ENABLED and (_MFA in self.controls or bool(self.strength_id))


@dataclass(frozen=True)
class WhatIfAnswer:
    """What What-If said of one kind of client: the policies that apply, and what follows from them."""

    client: str
    policies: tuple[str, ...]
    demands_mfa: bool
    blocks: bool
    strength_ids: frozenset[str]


@dataclass(frozen=True)
class Policies:
    """The policies that apply to the account, and What-If's answers; `others` is how many apply to somebody else."""

    mark: Mark
    applied: tuple[Policy, ...]
    answers: tuple[WhatIfAnswer, ...]
    others: int

    @property
    def excluded_groups(self) -> frozenset[str]:
        """Return the groups that every policy which demands MFA leaves out."""
        demanding = [frozenset(policy.left_out) for policy in self.applied if policy.demands_mfa]
        return frozenset.intersection(*demanding) if demanding else frozenset()


def find_policies(record: Record) -> Policies | None:
    """Return the last sight of policies together with What-If's answers; None where there was none."""
    found = None
    for entry, answers in record.sights("what_if"):
        policies = entry.detail.get("policies")
        if isinstance(answers, list) and isinstance(policies, list):
            found = _policies(entry.mark, mappings(policies), mappings(answers))
    return found


def _policies(mark: Mark, seen: tuple[Mapping[str, Any], ...], answers: tuple[Mapping[str, Any], ...]) -> Policies:
    by_id = {text(policy, "object_id"): _policy(policy) for policy in seen}
    applied = {object_id for each in answers for object_id in texts(each.get("applied_policy_ids"))}
    return Policies(
        mark,
        tuple(policy for object_id, policy in by_id.items() if object_id in applied),
        tuple(_answer(each, by_id) for each in answers),
        sum(object_id not in applied for object_id in by_id),
    )


def _policy(policy: Mapping[str, Any]) -> Policy:
    left_out = [each for kind in ("users", "groups", "roles") for each in texts(policy.get(f"exclude_{kind}"))]
    return Policy(
        object_id=text(policy, "object_id"),
        name=text(policy, "name"),
        state=text(policy, "state"),
        users=texts(policy.get("include_users")),
        left_out=tuple(left_out),
        applications=texts(policy.get("include_applications")),
        applications_left_out=texts(policy.get("exclude_applications")),
        clients=texts(policy.get("client_app_types")),
        controls=texts(policy.get("built_in_controls")),
        strength_id=text(policy, "strength_id"),
        is_narrowed=policy.get("is_narrowed") is True,
    )


def _answer(answer: Mapping[str, Any], by_id: Mapping[str, Policy]) -> WhatIfAnswer:
    ids = texts(answer.get("applied_policy_ids"))
    applied = [by_id[object_id] for object_id in ids if object_id in by_id]
    enforced = [policy for policy in applied if policy.state == _ENABLED]
    return WhatIfAnswer(
        client=text(answer, "client_app_type"),
        policies=tuple(by_id[object_id].name if object_id in by_id else object_id for object_id in ids),
        demands_mfa=any(policy.demands_mfa for policy in enforced),
        blocks=any(_BLOCK in policy.controls for policy in enforced),
        strength_ids=frozenset(policy.strength_id for policy in enforced if policy.strength_id),
    )
