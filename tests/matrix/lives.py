"""The lives that the matrix tries: how the role is granted, and whether a person signs in after sealing.

A life is a row here; what its points are is found out by recording one undisturbed run of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Life:
    """How a tenant file is written and whether a person is about who enrols a second factor."""

    name: str
    elevation: str
    has_person: bool = False


LIVES: tuple[Life, ...] = (
    Life("at_deploy", "at_deploy"),
    Life("none", "none"),
    Life("at_deploy, signed in to", "at_deploy", has_person=True),
    Life("none, signed in to", "none", has_person=True),
)


def find_life(name: str) -> Life:
    """Return the life of a name."""
    return next(life for life in LIVES if life.name == name)
