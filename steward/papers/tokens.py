"""How long a token may live that the account could have been issued while it could use the role.

No run sees a token: what bounds it is Microsoft's documentation, and what the evidence shows of the account's last
moments with the role and its passes. Ending sessions keeps new tokens from being issued, and takes back none that was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward.papers.life import Life, Span
from steward.papers.record import Mark, Record, mapping, mappings, moment, text
from steward.papers.words import at

# https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime, read November 2026
DEFAULT_LONGEST = timedelta(minutes=90)
# A clock that is off by a year says nothing.
_MOST_UNKNOWN = timedelta(days=365).total_seconds()
# https://learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes, read November 2026
_POLICY = "a token lifetime policy of the tenant, which no run reads, may set 10 minutes to a day"
# https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation, read November 2026
_CONTINUOUS = (
    "a client with continuous access evaluation may be given one for up to 28 hours, which the services that take part "
    "refuse within some 15 minutes of the account's end"
)
# https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass#expiration, read
# November 2026
_LIMITED = "A token that came of a Temporary Access Pass ends with the pass at the latest, by the same documentation"


@dataclass(frozen=True)
class Bound:
    """The longest life of such a token, None where none could be issued; `until` is None where it is not known.

    `pass_ends` is the latest end of the passes that were there while the role could be used.
    """

    longest: timedelta | None
    until: datetime | None
    pass_ends: datetime | None = None
    last_sign_in: datetime | None = None
    from_before: bool = False
    sources: tuple[Mark, ...] = ()

    @property
    def note(self) -> str:
        """Return in words what the bound is, and where it comes from."""
        if self.longest is None:
            before = "; a token from before the role, when it could sign in, may have lived on into it"
            return f"the account could not sign in while it held the role{before if self.from_before else ''}"
        ends = f", so that the last one ends by {at(self.until)}" if self.until else ""
        seen = f" The last sign-in that a run saw in it: {at(self.last_sign_in)}." if self.last_sign_in else ""
        passed = f" {_LIMITED}: {at(self.pass_ends)}." if self.pass_ends else ""
        return (
            "no run sees a token; by Microsoft's documentation Entra ID issues one for 60 to 90 minutes by default"
            f"{ends}.{passed} Ending sessions does not take it back, and whether a service still honours a role in it "
            f"that was taken away is not documented. Not bounded so: {_POLICY}; {_CONTINUOUS}.{seen}"
        )


def find_bound(life: Life, record: Record, unknown: float = 0.0) -> Bound:
    """Return what bounds the life of a token that the account was issued while it could use the role.

    `unknown` are the seconds by which the clocks of the tenant and the machine differ.
    """
    if not life.usable:
        from_before = any(_was_open_before(role, account) for role in life.held for account in life.enabled)
        return Bound(None, None, from_before=from_before)
    last = life.usable[-1]
    longest = DEFAULT_LONGEST + timedelta(seconds=min(unknown, _MOST_UNKNOWN))
    until = last.ends + longest if last.ends is not None and not record.late and unknown < _MOST_UNKNOWN else None
    passes = max(_pass_ends(life, record), default=None)
    return Bound(DEFAULT_LONGEST, until, passes, _last_sign_in(life), sources=_ends_of(life.usable))


def _pass_ends(life: Life, record: Record) -> Iterator[datetime]:
    for entry, seen in record.sights("methods"):
        if not isinstance(seen, dict) or text(mapping(entry.detail, "account"), "object_id") != life.account_id:
            continue
        for each in mappings(seen.get("passes")):
            begins, ends = moment(each.get("begins")) or entry.mark.time, moment(each.get("ends"))
            if ends is not None and any(
                span.begins <= ends and (span.ends is None or begins <= span.ends) for span in life.usable
            ):
                yield ends


def _was_open_before(role: Span, account: Span) -> bool:
    return account.ends is not None and timedelta(0) <= role.begins - account.ends < DEFAULT_LONGEST


def _last_sign_in(life: Life) -> datetime | None:
    times = [
        each.at
        for each in life.moments
        if each.kind == "sign-in"
        and each.what.startswith("signed in to ")
        and any(span.begins <= each.at and (span.ends is None or each.at <= span.ends) for span in life.usable)
    ]
    return max(times, default=None)


def _ends_of(spans: tuple[Span, ...]) -> tuple[Mark, ...]:
    return tuple(span.ends_by for span in spans[-1:] if span.ends_by is not None)
