"""Confirmations written into a tenant's evidence; refused where the sheet does not ask for them.

Each is a run of its own in the chain, so that it cannot be changed later without showing. Nobody is signed in: it is a
person's word, and says so by its actor.
"""

from dataclasses import dataclass
from pathlib import Path

from steward.config.problem import nearest
from steward.errors import ExitCode, RefusedError, UnreadableError
from steward.evidence import EvidenceFile, describe_tenant
from steward.papers.confirmations import CONFIRMED, STEP, WITHDRAWN
from steward.papers.handover import Asked, Sheet

ACTOR = "a person's word"


@dataclass(frozen=True)
class Word:
    """What somebody says: that items were done, or that an earlier word of it no longer holds.

    `is_rehearsed` says that it is meant for a rehearsal's sheet, and it is taken for nothing else then.
    """

    by: str
    items: tuple[str, ...]
    is_withdrawn: bool = False
    is_rehearsed: bool = False


@dataclass(frozen=True)
class Recorded:
    """What was written, and what needed no writing; without anything to write there is no run."""

    items: tuple[str, ...]
    already: tuple[str, ...]
    path: Path | None = None
    sha256: str | None = None


def confirm(sheet: Sheet, word: Word) -> Recorded:
    """Write what somebody says of the sheet's items; raises `RefusedError` for what the sheet does not ask.

    Where nobody can tell whether the evidence is whole, it raises `UnreadableError`.
    """
    asked = {each.item.id: each for each in sheet.asked}
    _require_asked(sheet, word, asked)
    new = tuple(item for item in word.items if _says_something_new(asked[item], word))
    already = tuple(item for item in word.items if item not in new)
    if not new:
        return Recorded((), already)
    tenant = sheet.tenant
    about = {**describe_tenant(tenant), "program": "confirm"}
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
    if sheet.is_rehearsal and not word.is_rehearsed:
        raise RefusedError(
            f"{sheet.tenant.name}: nothing is confirmed on a rehearsal's sheet",
            why=sheet.standing.why,
            next_move="confirm on the tenant's own sheet; to rehearse the confirmation, too, add --rehearsal",
        )
    if word.is_rehearsed and not sheet.is_rehearsal:
        raise RefusedError(
            f"{sheet.tenant.name}: this is no rehearsal's sheet",
            why=f"--rehearsal was given, and the evidence is {sheet.standing.state}",
            next_move="leave --rehearsal out, if it was done at the tenant",
        )
    if sheet.not_ready:
        is_open = sheet.standing.exit_code is ExitCode.COULD_NOT_TELL
        raise (UnreadableError if is_open else RefusedError)(
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
