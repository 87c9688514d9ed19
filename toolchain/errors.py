"""The one error of the set-up, in the house's shape: what happened, why, and what to do next."""


class SetupError(Exception):
    """The machine lacks something, or an installer failed; nothing counts as installed afterwards."""

    def __init__(self, what: str, *, why: str, next_step: str) -> None:
        super().__init__(f"{what}\n  why:  {why}\n  next: {next_step}")
        self.what = what
        self.why = why
        self.next_step = next_step
