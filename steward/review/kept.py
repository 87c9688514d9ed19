"""Reviews kept in files: made where a plan lies, put together elsewhere into the one comment on a pull request.

A plan's JSON holds values in clear and stays on the machine that made it; its review holds nothing but what may be
shown. Several kept reviews give the same comment, byte for byte, as their plans would have given at once.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from steward.config.model import ReviewException
from steward.errors import ConfigError
from steward.review.changes import Changes
from steward.review.review import Finding, PlanReview, Unjudged, Unread
from steward.review.rule import Rule
from steward.review.rules import RULES
from steward.review.words import Shown, Words, make_visible, shown

_BY_ID = {rule.id: rule for rule in RULES}
_LARGEST = 16 * 1024 * 1024
_LONGEST_PART = 400
_SHA256 = re.compile(r"[0-9a-f]{64}")
# What our own sentences are made of. A kept review comes from a job that ran a pull request's code.
_OURS = re.compile(r"[\w ,.;:'\"()/→…-]*")


def _known(rule_id: str) -> str:
    if rule_id not in _BY_ID:
        raise ValueError("no rule is called so here")
    return rule_id


_Rule = Annotated[str, AfterValidator(_known)]


def _is_hash(text: str | None) -> str | None:
    if text is not None and not _SHA256.fullmatch(text):
        raise ValueError("no SHA-256")
    return text


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _KeptFinding(_Kept):
    rule: _Rule
    what: Words
    address: Words
    exception: ReviewException | None = None
    expired: ReviewException | None = None


class _KeptUnjudged(_Kept):
    rule: _Rule
    why: Words


class _KeptReview(_Kept):
    name: str
    file: str
    tenant_id: str | None
    sha256: Annotated[str | None, AfterValidator(_is_hash)]
    changes: Changes
    findings: tuple[_KeptFinding, ...]
    unjudged: tuple[_KeptUnjudged, ...]
    unused: tuple[ReviewException, ...]
    terraform_version: str


class _KeptUnread(_Kept):
    file: str
    why: str


class _KeptFile(_Kept):
    format: Literal[1] = 1
    reviews: tuple[_KeptReview, ...]
    unread: tuple[_KeptUnread, ...] = ()


_FILE = TypeAdapter(_KeptFile)


def keep_reviews(plans: Iterable[PlanReview], unread: Iterable[Unread] = ()) -> bytes:
    """Return reviews as they are kept: the same bytes for the same reviews."""
    kept = _KeptFile(
        reviews=tuple(_keep(plan) for plan in plans),
        unread=tuple(_KeptUnread(file=each.file, why=each.why) for each in unread),
    )
    return _FILE.dump_json(kept, indent=2) + b"\n"


def read_reviews(content: bytes, name: str) -> tuple[list[PlanReview], list[Unread]]:
    """Return what was kept, reviews and plans that could not be read; raises `ConfigError` for anything else."""
    try:
        kept = _FILE.validate_json(content if len(content) <= _LARGEST else b"")
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        raise ConfigError(
            f"{name} is no kept review",
            why=f"it differs at {make_visible('.'.join(map(str, place)))[:80]!a}" if place else "it cannot be read",
            next_move="name a file that review_plan.py --keep of this very version has written",
        ) from None
    reviews = [_bring_back(each) for each in kept.reviews]
    if not all(_is_harmless(part) for review in reviews for part in _parts(review)):
        raise ConfigError(
            f"{name} is no kept review",
            why="a sentence in it is none that this program writes",
            next_move="look at who made the file: a review is kept by review_plan.py alone",
        )
    return reviews, [Unread(each.file, each.why) for each in kept.unread]


def _parts(review: PlanReview) -> Iterator[str | Shown]:
    """Yield every part of every sentence in a review."""
    for change in (*review.changes.changes, *review.changes.outside):
        for words in (change.address, change.kind, *change.details, *(aspect.what for aspect in change.aspects)):
            yield from words
    for finding in review.findings:
        yield from (*finding.what, *finding.address)
    for each in review.unjudged:
        yield from each.why


def _is_harmless(part: str | Shown) -> bool:
    """Return whether a part is text only: a value as it may be shown, or words of ours, in which no markup is."""
    if isinstance(part, Shown):
        return shown(part.text) == part
    return len(part) <= _LONGEST_PART and _OURS.fullmatch(part) is not None


def _keep(plan: PlanReview) -> _KeptReview:
    return _KeptReview(
        **_plain_fields(plan),
        findings=tuple(
            _KeptFinding(
                rule=each.rule.id,
                what=each.what,
                address=each.address,
                exception=each.exception,
                expired=each.expired,
            )
            for each in plan.findings
        ),
        unjudged=tuple(_KeptUnjudged(rule=each.rule.id, why=each.why) for each in plan.unjudged),
    )


def _bring_back(kept: _KeptReview) -> PlanReview:
    return PlanReview(
        **_plain_fields(kept),
        findings=tuple(
            Finding(_rule(each.rule), each.what, each.address, each.exception, each.expired) for each in kept.findings
        ),
        unjudged=tuple(Unjudged(_rule(each.rule), each.why) for each in kept.unjudged),
    )


def _plain_fields(review: PlanReview | _KeptReview) -> dict[str, Any]:
    names = ("name", "file", "tenant_id", "sha256", "changes", "unused", "terraform_version")
    return {name: getattr(review, name) for name in names}


def _rule(rule_id: str) -> Rule:
    return _BY_ID[rule_id]
