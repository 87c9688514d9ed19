"""The failures that a user may meet, each saying what happened, why, and what to do next.

Everything raised on purpose derives from `StewardError`; `scripts` turn its kind into an exit code.
Whatever else escapes is a defect of ours and is reported as one.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a program's exit code tells the caller; `docs/exit-codes.md` says what an operator does at each."""

    WELL = 0
    FINDINGS = 1
    BAD_INPUT = 2
    COULD_NOT_TELL = 3
    DEFECT = 4


def worse(first: ExitCode, second: ExitCode) -> ExitCode:
    """Return the exit code to leave with: a finding outranks "could not tell", because it is certain."""
    order = (ExitCode.WELL, ExitCode.COULD_NOT_TELL, ExitCode.FINDINGS, ExitCode.BAD_INPUT, ExitCode.DEFECT)
    return max(first, second, key=order.index)


class StewardError(Exception):
    """A failure with a reason and a next move.

    `what` names the object, `why` the cause as far as it is known, `next_move` a command or a key to set.
    """

    exit_code = ExitCode.FINDINGS

    def __init__(self, what: str, *, why: str = "", next_move: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_move = next_move

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  why:  {self.why}")
        if self.next_move:
            lines.append(f"  next: {self.next_move}")
        # What a server broke into lines stays beneath its own label, and cannot give a next move.
        return "\n".join(line.replace("\n", "\n        ") for line in lines)


class ConfigError(StewardError):
    """The input is wrong: a tenant file, an option, a folder."""

    exit_code = ExitCode.BAD_INPUT


class RefusedError(StewardError):
    """The tenant, or a rule of ours, refuses to go on."""


class FinalRefusalError(RefusedError):
    """A refusal that trying again will not change, such as a folder on this machine that cannot be written."""


class TooEarlyError(RefusedError):
    """A refusal that lasts `seconds` at most, and that trying again lifts by then."""

    def __init__(self, what: str, *, why: str = "", next_move: str = "", seconds: float) -> None:
        super().__init__(what, why=why, next_move=next_move)
        self.seconds = seconds


class UnreadableError(StewardError):
    """Something had to be read to tell how matters stand, and could not be."""

    exit_code = ExitCode.COULD_NOT_TELL
