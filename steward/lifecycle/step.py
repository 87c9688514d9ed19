"""The shape of a step: a name, the facts it asks for, and a pure function from facts to intended actions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from steward.config.model import Tenant
from steward.facts import Facts
from steward.lifecycle.actions import Action


@dataclass(frozen=True)
class Step:
    """One step of the life.

    `reads` names fields of `Facts`; a fact that is not named reaches `decide` as unreadable. The step is over when
    `decide`, given freshly read facts, intends nothing more. With `looks_again` a refusal right after a write is not
    believed at once, because a replica may still show what was there before. With `is_glance` roles are looked at once:
    what they are not seen to be is then no reason to do anything. With `needs_no_role` roles are looked at once more
    right before each of its calls, and none is made while a privileged one is held. With `invites` whatever was opened
    for a person during the step is closed at its end, and a word that was given meanwhile was about nothing later.
    """

    name: str
    reads: tuple[str, ...]
    decide: Callable[[Facts, Tenant], Iterator[Action]]
    looks_again: bool = False
    is_glance: bool = False
    needs_no_role: bool = False
    invites: bool = False
