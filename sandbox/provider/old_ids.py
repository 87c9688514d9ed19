"""The ids in state that are no addresses of Graph: the real provider keeps these forms from its earlier versions.

A type whose id is one of them names it as its ``id_path``; its file puts the address together from the id's parts.
"""

from __future__ import annotations

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.resource import IdPath

_LENGTH = 36
_DASHES = (8, 13, 18, 23)


class SubordinateId(IdPath):
    """An id such as ``{object}/federatedIdentityCredential/{credential}``."""

    def __init__(self, kind: str, *, title: str) -> None:
        super().__init__(f"{{object}}/{kind}/{{subordinate}}", title=title)
        self._kind = kind

    def of(self, *object_ids: str) -> str:
        """Return the state id for Graph's two ids."""
        owner, subordinate = object_ids
        return f"{owner}/{self._kind}/{subordinate}"

    def parts(self, state_id: str) -> list[str]:
        """Return Graph's two ids in a state id; raises ``Diagnosis`` for an id of another form."""
        try:
            return self._two(state_id)
        except ValueError as error:
            raise Diagnosis(f"unable to parse {self.title} ID: {error}") from error

    def _two(self, state_id: str) -> list[str]:
        given = state_id.split("/")
        if len(given) != 3:  # noqa: PLR2004  the two ids and the kind between them
            raise ValueError(
                f'Object Resource ID should be in the format {{objectId}}/{{type}}/{{subId}} - but got "{state_id}"'
            )
        owner, kind, subordinate = given
        for what, value in (("Object ID", owner), ("Object Sub Resource ID", subordinate)):
            wrong = wrong_uuid(value)
            if wrong:
                raise ValueError(f'{what} isn\'t a valid UUID ("{value}"): {wrong}')
        if kind != self._kind:
            raise ValueError(f"Type in {{objectID}}/{{type}}/{{subID}} was expected to be {self._kind}, got {kind}")
        return [owner, subordinate]


class BareId(IdPath):
    """An id that is Graph's own and nothing else."""

    def __init__(self, *, title: str) -> None:
        super().__init__("{object}", title=title)

    def of(self, *object_ids: str) -> str:
        """Return the state id, which is Graph's."""
        return object_ids[0]

    def parts(self, state_id: str) -> list[str]:
        """Return the one id; raises ``Diagnosis`` for what is no UUID."""
        wrong = wrong_uuid(state_id)
        if wrong:
            raise Diagnosis(f'specified ID ("{state_id}") is not valid: {wrong}')
        return [state_id]


def wrong_uuid(text: str) -> str:
    """Return what is wrong with a UUID's spelling, or nothing."""
    if len(text) != _LENGTH:
        return "uuid string is wrong length"
    if any(text[at] != "-" for at in _DASHES):
        return "uuid is improperly formatted"
    strange = next((sign for sign in text.replace("-", "0") if sign not in "0123456789abcdefABCDEF"), None)
    return f"encoding/hex: invalid byte: U+{ord(strange):04X} '{strange}'" if strange else ""
