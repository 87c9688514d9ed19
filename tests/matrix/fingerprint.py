"""What the matrix is played on, as one hash: a result is claimed for these sources and for no others."""

import hashlib

from scripts.rehearsal.provider_choice import ROOT

_SOURCES = ("main.py", "stacks", "steward", "scripts", "sandbox", "tests/matrix", "requirements")
_SKIPPED = frozenset({"__pycache__"})
_SUFFIXES = frozenset({".py", ".csv", ".json", ".html", ".txt"})


def fingerprint() -> str:
    """Return the hash of every file of the programs, their data, their packages' versions and the matrix itself."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = ROOT / source
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and each.suffix in _SUFFIXES and not _SKIPPED & set(each.parts):
                digest.update(f"{each.relative_to(ROOT)}\0".encode() + each.read_bytes() + b"\0")
    return digest.hexdigest()
