"""What was installed, told by one small file a part, so that a second run can tell that nothing changed.

A part's stamp is taken away before the part is touched and written when it is complete; an interrupted part
has none.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def fingerprint(texts: Iterable[str] = (), files: Iterable[Path] = ()) -> str:
    """Return one digest of texts and of files' contents, in the order given."""
    digest = hashlib.sha256()
    for part in [*(text.encode() for text in texts), *(file.read_bytes() for file in files)]:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """The mark of one installed part."""

    file: Path

    def is_current(self, expected: str) -> bool:
        """Whether the part was completed for exactly this fingerprint."""
        return self.file.is_file() and self.file.read_text(encoding="ascii") == expected

    @property
    def exists(self) -> bool:
        """Whether the part was completed once and not touched since."""
        return self.file.is_file()

    def take_away(self) -> None:
        """Say that the part is incomplete from now on."""
        self.file.unlink(missing_ok=True)

    def write(self, value: str) -> None:
        """Say that the part is complete; all at once, so that a kill leaves no half of it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".draft")
        draft.write_text(value, encoding="ascii")
        draft.replace(self.file)
