"""Folders and files that a tenant file names: relative to the file itself, so that it reads the same from anywhere."""

from collections.abc import Iterator
from pathlib import Path

from steward.config.problem import KeyPath, Problem

# What shows the top of a project: a repository, a work tree of one, or the CDK for Terraform program.
_PROJECT_MARKS = (".git", "cdktf.json")


def resolve_beside(file: Path, value: str) -> Path:
    """Return the absolute path that `value`, written in `file`, means; `~` is the operator's home."""
    return (file.resolve().parent / Path(value).expanduser()).resolve()


def find_project(folder: Path) -> Path | None:
    """Return the project that `folder` is in, the outermost one; None where it is in no project."""
    marked = [each for each in (folder, *folder.parents) if any((each / mark).exists() for mark in _PROJECT_MARKS)]
    return marked[-1] if marked else None


def judge_ca_file(file: Path, value: str) -> Iterator[Problem]:
    """Find a certificate authority's file that is not there."""
    key = ("tenant", "cloud", "ca_file")
    try:
        if not resolve_beside(file, value).is_file():
            yield Problem(
                key,
                "names no file",
                "without it no certificate of this cloud can be verified",
                "a sandbox writes the file when it starts; paths are relative to the tenant file",
            )
    except (OSError, RuntimeError) as error:
        yield _unusable(key, error)


def judge_evidence(file: Path, value: str) -> Iterator[Problem]:
    """Find an evidence folder that cannot be one."""
    key = ("evidence",)
    try:
        folder = resolve_beside(file, value)
        if folder.exists() and not folder.is_dir():
            yield _no_folder(key)
    except (OSError, RuntimeError) as error:
        yield _unusable(key, error, keeps_from_closing=isinstance(error, RuntimeError))


def judge_sink(file: Path, value: str, *, evidence: str) -> Iterator[Problem]:
    """Find a sink folder from which a password could travel further than to its owner."""
    yield from _judge_private(file, value, ("sink", "file", "folder"), evidence=evidence, content="password")


def judge_key_folder(file: Path, value: str, *, evidence: str) -> Iterator[Problem]:
    """Find a folder from which a private key could travel further than to its owner."""
    key = ("identities", "certificate", "folder")
    yield from _judge_private(file, value, key, evidence=evidence, content="private key")


def _judge_private(file: Path, value: str, key: KeyPath, *, evidence: str, content: str) -> Iterator[Problem]:
    try:
        folder = resolve_beside(file, value)
        own = file.resolve().parent
        evidence_folder = resolve_beside(file, evidence)
        if find_project(folder) or folder.is_relative_to(find_project(own) or own):
            yield Problem(
                key,
                "lies in the project",
                f"a {content} in there is one `git add` from being published",
                "name a folder outside the repository, such as '~/secrets'",
                keeps_from_closing=False,
            )
        elif folder.is_relative_to(evidence_folder) or evidence_folder.is_relative_to(folder):
            yield Problem(
                key,
                "shares a folder with the evidence",
                f"evidence is handed to auditors and archives, and the {content} would go with it",
                "keep the two apart",
                keeps_from_closing=False,
            )
        elif folder.exists() and not folder.is_dir():
            yield _no_folder(key)
    except (OSError, RuntimeError) as error:
        yield _unusable(key, error, keeps_from_closing=isinstance(error, RuntimeError))


def _no_folder(key: KeyPath) -> Problem:
    why = "a file of that name is there already"
    return Problem(key, "is no folder", why, "name a folder", keeps_from_closing=False)


def _unusable(key: KeyPath, error: Exception, *, keeps_from_closing: bool = True) -> Problem:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Problem(
        key,
        "cannot be used",
        reason,
        "check the path and its permissions",
        # Whatever has no meaning, such as the home of nobody, cannot be read at all.
        keeps_from_closing=keeps_from_closing,
    )
