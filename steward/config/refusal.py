"""How a validator refuses a value: a pydantic error that carries what, why and next instead of a sentence."""

from pydantic_core import PydanticCustomError

REFUSED = "refused"


def refuse(what: str, *, why: str = "", next_move: str = "") -> PydanticCustomError:
    """Return the error by which a validator refuses a value, for `shape` to turn into a problem."""
    return PydanticCustomError(REFUSED, "{what}", {"what": what, "why": why, "next_move": next_move})
