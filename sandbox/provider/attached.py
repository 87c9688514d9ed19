"""A rehearsal provider that serves all commands of a case from one process.

In: the environment that says who signs in. Out: the value of ``TF_REATTACH_PROVIDERS``. Starting the provider for every
command, as Terraform otherwise does, takes four fifths of a case's processor time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Final

VARIABLE: Final = "TF_REATTACH_PROVIDERS"
_LAST_SECONDS = 20


@contextmanager
def attached_provider(environment: Mapping[str, str]) -> Iterator[str]:
    """Serve until the block ends."""
    with (
        TemporaryDirectory(prefix="attached-") as folder,
        subprocess.Popen(
            [sys.executable, "-m", "sandbox.provider", "--attached", folder],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  they were asked for
        told = process.stdout.readline().strip()
        if not told:
            raise RuntimeError("the rehearsal provider ended before it served")
        try:
            yield told
        finally:
            process.stdin.close()
            process.wait(_LAST_SECONDS)
