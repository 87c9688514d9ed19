"""Where papers are written: a folder a tenant, each file readable by its owner alone, as the evidence is."""

import argparse
from pathlib import Path

from steward.delivery.manifest import write_private
from steward.errors import ConfigError

_PAPERS = Path("papers")


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Let a program be told where to write."""
    parser.add_argument(
        "--folder", type=Path, default=_PAPERS, help="where to write, a folder a tenant (default: %(default)s)"
    )


def write_paper(file: Path, text: str) -> Path:
    """Write a paper anew and return where it lies; who may read it besides is for its owner to say."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"no paper can be written to {file.parent}",
            why=error.strerror or str(error),
            next_move="name a folder that can be written with --folder",
        ) from None
    write_private(file, text.encode("utf-8", errors="backslashreplace"))
    return file
