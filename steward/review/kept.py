"""Reviews kept in files: made where a plan lies, put together elsewhere into the one comment on a pull request.

A plan's JSON holds values in clear and stays on the machine that made it; its review holds nothing but what may be
shown. Several kept reviews give the same comment, byte for byte, as their plans would have given at once.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from steward.config.model import ReviewException
from steward.errors import ConfigError
from steward.review.changes import Changes
from steward.review.review import Finding, PlanReview, Unjudged, Unread
from steward.review.rule import Rule
from steward.review.rules import RULES
from steward.review.words import Words, make_visible

_BY_ID = {rule.id: rule for rule in RULES}
_LARGEST = 16 * 1024 * 1024


def _known(rule_id: str) -> str:
    if rule_id not in _BY_ID:
        raise ValueError("no rule is called so here")
    return rule_id


_Rule = Annotated[str, AfterValidator(_known)]


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
    sha256: str | None
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
    return [_bring_back(each) for each in kept.reviews], [Unread(each.file, each.why) for each in kept.unread]


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
