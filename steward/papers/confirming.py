"""Confirmations written into a tenant's evidence; refused where the sheet does not ask, or a secret would get in.

Each is a run of its own in the chain, so that it cannot be changed later without showing. Nobody is signed in: it is a
person's word, and says so by its actor.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from steward.config.problem import nearest
from steward.errors import ConfigError, RefusedError
from steward.evidence import EvidenceFile
from steward.papers.confirmations import CONFIRMED, STEP, WITHDRAWN
from steward.papers.handover import Asked, Sheet

ACTOR = "a person's word"
_LONGEST_NAME = 80
# Names of people and their addresses; a password or a pass has no place in evidence, and does not look like either.
_WORD = re.compile(r"[\w.'\u2019@()-]+,?")
_LONGEST_PLAIN = 12


@dataclass(frozen=True)
class Word:
    """What somebody says: that items were done, or that an earlier word of it no longer holds."""

    by: str
    items: tuple[str, ...]
    is_withdrawn: bool = False


@dataclass(frozen=True)
class Recorded:
    """What was written, and what needed no writing; without anything to write there is no run."""

    items: tuple[str, ...]
    already: tuple[str, ...]
    path: Path | None = None
    sha256: str | None = None


def require_name(text: str) -> str:
    """Return a person's name in one line; raises `ConfigError` for what is none, and does not repeat it."""
    name = " ".join(text.split())
    words = name.split(" ")
    is_name = bool(name) and len(name) <= _LONGEST_NAME and all(_WORD.fullmatch(word) for word in words)
    if not is_name or not any(letter.isalpha() for letter in name):
        raise ConfigError(
            "what was given with --by is no name",
            why=f"a name has letters, and at most {_LONGEST_NAME} of them with . ' @ ( ) and -",
            next_move='give it as in --by "Jane Doe"',
        )
    if any(_looks_secret(word) for word in words):
        raise ConfigError(
            "what was given with --by could be a password",
            why="a long word that mixes letters of both cases and digits has no place in evidence",
            next_move="give a name; where it was a password, change it, since the shell keeps what was typed",
        )
    return name


def _looks_secret(word: str) -> bool:
    mixes = [re.search(kind, word) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]")]
    return len(word) > _LONGEST_PLAIN and all(mixes) and "@" not in word


def confirm(sheet: Sheet, word: Word) -> Recorded:
    """Write what somebody says of the sheet's items; raises `RefusedError` for what the sheet does not ask."""
    asked = {each.item.id: each for each in sheet.asked}
    _require_asked(sheet, word, asked)
    new = tuple(item for item in word.items if _says_something_new(asked[item], word))
    already = tuple(item for item in word.items if item not in new)
    if not new:
        return Recorded((), already)
    tenant = sheet.tenant
    about = {"tenant": tenant.name, "tenant_id": tenant.tenant.id, "program": "confirm"}
    with EvidenceFile(tenant.evidence / tenant.name, actor=ACTOR, about=about) as evidence:
        for item in new:
            verb = WITHDRAWN if word.is_withdrawn else CONFIRMED
            evidence.record(STEP, verb, item, {"by": word.by, "words": asked[item].item.words})
        evidence.record("run", "ended", detail={"exit_code": 0})
    if evidence.failure:
        raise RefusedError(
            "the confirmation could not be kept",
            why=evidence.failure,
            next_move="mend the disk, or the folder under evidence in the tenant file, then confirm again",
        )
    return Recorded(new, already, evidence.path, evidence.sha256)


def _require_asked(sheet: Sheet, word: Word, asked: dict[str, Asked]) -> None:
    if sheet.not_ready:
        raise RefusedError(
            f"{sheet.tenant.name}: the sheet asks for nothing yet",
            why=sheet.not_ready,
            next_move=sheet.standing.next_move,
        )
    unknown = [item for item in word.items if item not in asked]
    if unknown:
        meant = nearest(unknown[0], asked)
        candidates = f"did you mean {meant[0]}? " if meant else ""
        raise RefusedError(
            f"{sheet.tenant.name}: the sheet has no item {unknown[0]!r}",
            why="only what it asks for can be confirmed",
            next_move=f"{candidates}python scripts/confirm.py {sheet.tenant.pasted} lists the items",
        )


def _says_something_new(asked: Asked, word: Word) -> bool:
    if word.is_withdrawn:
        return asked.confirmation is not None or asked.outdated is not None
    return asked.confirmation is None
