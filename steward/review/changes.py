"""What a plan changes, thing by thing: what happens to it, what that means for identity, and which values differ.

A change may touch several risks and ranks by the gravest. What belongs to no risk may be folded away, unless
something is destroyed or replaced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from steward.review.attributes import attribute_name, describe, is_shown
from steward.review.plan import ResourceChange
from steward.review.risks import Aspect, Risk, find_aspects
from steward.review.subject import Subject, is_touched
from steward.review.values import Mark, differences
from steward.review.words import Words, join, shown


class Action(Enum):
    """What happens to a thing, as a reviewer calls it; what is listed first is told first."""

    DELETED = "destroyed"
    FORGOTTEN = "forgotten"
    REPLACED = "replaced"
    CREATED = "created"
    UPDATED = "changed"
    MOVED = "moved"
    IMPORTED = "imported"
    OTHER = "treated in a way not known here"

    @property
    def is_loss(self) -> bool:
        """Return whether something is lost, or may be."""
        return self in {Action.DELETED, Action.FORGOTTEN, Action.REPLACED, Action.OTHER}


_ACTIONS = {
    ("delete",): Action.DELETED,
    ("forget",): Action.FORGOTTEN,
    ("delete", "create"): Action.REPLACED,
    ("create", "delete"): Action.REPLACED,
    ("create", "forget"): Action.REPLACED,
    ("create",): Action.CREATED,
    ("update",): Action.UPDATED,
}


@dataclass(frozen=True)
class Change:
    """One thing that a plan changes."""

    address: Words
    kind: Words
    action: Action
    aspects: tuple[Aspect, ...]
    details: tuple[Words, ...]

    @property
    def risk(self) -> Risk:
        """Return the gravest risk that the change touches."""
        return min((aspect.risk for aspect in self.aspects), default=Risk.NONE)

    @property
    def stands_open(self) -> bool:
        """Return whether the change is never folded away."""
        return self.risk is not Risk.NONE or self.action.is_loss


@dataclass(frozen=True)
class Changes:
    """What a plan changes, the gravest first; how much it leaves alone; and what changed behind Terraform's back."""

    changes: tuple[Change, ...]
    unchanged: int
    outside: tuple[Change, ...]


def read_changes(subject: Subject) -> Changes:
    """Return what the plan changes."""
    managed = list(subject.changes())
    changed = [_read(change, subject) for change in managed if _is_shown(change)]
    return Changes(
        changes=tuple(sorted(changed, key=_order)),
        unchanged=len(managed) - len(changed),
        outside=tuple(sorted(_outside(subject), key=_order)),
    )


def _is_shown(change: ResourceChange) -> bool:
    return is_touched(change) or change.previous_address is not None or change.change.importing is not None


def _read(change: ResourceChange, subject: Subject) -> Change:
    action = _action(change)
    details = () if action in {Action.DELETED, Action.FORGOTTEN} else _details(change, action)
    return Change((shown(change.address),), (shown(change.type),), action, find_aspects(change, subject), details)


def _details(change: ResourceChange, action: Action) -> tuple[Words, ...]:
    found = differences(change.change)
    if action in {Action.CREATED, Action.REPLACED}:
        # What the tenant fills in, and what is left to the provider, is no decision of the plan's.
        found = tuple(each for each in found if each.after is not Mark.UNKNOWN and each.after is not None)
    told = [describe(change.type, each) for each in found if is_shown(change.type, each)]
    # Several paths of one attribute that is not shown have one name.
    others = dict.fromkeys(attribute_name(change.type, each.path) for each in found if not is_shown(change.type, each))
    if others and action is not Action.CREATED:
        told.append(("changes without its value shown here: ", *join([(shown(each),) for each in others])))
    return tuple(told)


def _action(change: ResourceChange) -> Action:
    if change.change.actions == ("no-op",):
        return Action.MOVED if change.previous_address is not None else Action.IMPORTED
    return _ACTIONS.get(change.change.actions, Action.OTHER)


def _outside(subject: Subject) -> Iterator[Change]:
    """Yield what changed outside Terraform and means something; normalised empty values are no change."""
    for change in subject.plan.resource_drift:
        if change.mode != "managed":
            continue
        read = _read(change, subject)
        if read.action is Action.DELETED or (read.action is Action.UPDATED and read.risk is not Risk.NONE):
            yield read


def _order(change: Change) -> tuple[int, int, str]:
    return change.risk, list(Action).index(change.action), str(change.address)
