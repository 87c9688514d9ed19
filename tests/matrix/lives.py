"""The lives that the matrix tries: how the role is granted, and what a person does with the account.

A life is a row here; what its points are is found out by recording undisturbed runs of it.
"""

from dataclasses import dataclass

from scripts.rehearsal.tenant_file import WINDOWS

WINDOW_MINUTES = 60


@dataclass(frozen=True)
class Life:
    """How a tenant file is written and whether a person is about, who enrols a second factor and uses the window."""

    name: str
    elevation: str
    has_person: bool = False

    @property
    def has_window(self) -> bool:
        """Say whether somebody signs in while the role is held."""
        return self.elevation in WINDOWS

    @property
    def is_scheduled(self) -> bool:
        """Say whether Entra ID ends the role by itself, and takes it back from nobody within 5 minutes."""
        return self.elevation == "scheduled"

    @property
    def usable_seconds(self) -> float:
        """Return for how long on end the privilege may be usable: the window, and otherwise never."""
        return WINDOW_MINUTES * 60.0 if self.has_window else 0.0


LIVES: tuple[Life, ...] = (
    Life("at_deploy", "at_deploy"),
    Life("none", "none"),
    Life("at_deploy, signed in to", "at_deploy", has_person=True),
    Life("none, signed in to", "none", has_person=True),
    Life("in_window", "in_window", has_person=True),
    Life("scheduled", "scheduled", has_person=True),
)


def find_life(name: str) -> Life:
    """Return the life of a name."""
    return next(life for life in LIVES if life.name == name)
