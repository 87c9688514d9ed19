"""What a step may intend: an act on the tenant or on Terraform, nothing (with a reason), a refusal, or a finding."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from steward.acts import GraphAct, TerraformAct
from steward.errors import ExitCode
from steward.facts import Absent, Unreadable


@dataclass(frozen=True)
class Already:
    """Nothing to do, and why.

    `is_settled` says for the runs to come that nothing is left of what a consent brought too much.
    """

    subject: str
    reason: str
    is_settled: bool = False


@dataclass(frozen=True)
class GraphCall:
    """Something to do through Graph; `verb` says in the past tense what will have been done.

    With `finding` it puts right what should not have been, which is told when it is done, and counts as a finding.
    """

    verb: str
    subject: str
    act: GraphAct
    finding: str = ""


@dataclass(frozen=True)
class TerraformCall:
    """Something to do through Terraform; `verb` says in the past tense what will have been done."""

    verb: str
    subject: str
    act: TerraformAct


@dataclass(frozen=True)
class Wait:
    """Somebody has to act; the tenant itself ends the time for it at `until`.

    Without `is_for_somebody` it is time alone that is waited for, and reading afterwards may take what it takes.
    """

    subject: str
    reason: str
    until: datetime
    is_for_somebody: bool = True


@dataclass(frozen=True)
class Invite:
    """A person is to be sent to the page of the admin consent for the application of this client id."""

    subject: str
    client_id: str
    instructions: str


@dataclass(frozen=True)
class Blocked:
    """The step cannot go on: what, why, and what somebody has to do first."""

    subject: str
    why: str
    next_move: str
    exit_code: ExitCode = ExitCode.FINDINGS


@dataclass(frozen=True)
class Found:
    """Something is not as it should be, and does not stop the step."""

    subject: str
    why: str
    next_move: str


Action = Already | GraphCall | TerraformCall | Invite | Wait | Blocked | Found


def could_not_tell(subject: str, why: str) -> Blocked:
    """Return the refusal for a fact that could not be read."""
    return Blocked(
        subject,
        f"could not tell: {why}",
        "see that the read is permitted and the service answers, then run again",
        ExitCode.COULD_NOT_TELL,
    )


def not_there(*readings: object) -> Iterator[Blocked]:
    """Yield a refusal for each reading that is no value; a confirmed absence is one as well where a value is needed."""
    for reading in readings:
        if isinstance(reading, Unreadable):
            yield could_not_tell(reading.what, reading.why)
        elif isinstance(reading, Absent):
            yield could_not_tell(reading.what, "it is not there")
