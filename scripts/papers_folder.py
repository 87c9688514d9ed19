"""Where papers are written: a folder a tenant, each file readable by its owner alone, as the evidence is."""

import argparse
from pathlib import Path

from steward.delivery.manifest import write_private
from steward.errors import ConfigError
from steward.papers.bundle import Bundle, as_json, bundle_page, make_bundle
from steward.papers.handover import Sheet, sheet_page, sheet_text
from steward.papers.record import Record
from steward.visible import dump_json

_PAPERS = Path("papers")


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Let a program be told where to write."""
    parser.add_argument(
        "--folder", type=Path, default=_PAPERS, help="where to write, a folder a tenant (default: %(default)s)"
    )


def write_bundle(folder: Path, record: Record) -> tuple[Bundle, Path]:
    """Write a tenant's evidence bundle, JSON first, and return it with its page; only the page takes pictures."""
    bundle = make_bundle(record)
    write_paper(folder / record.name / "evidence.json", dump_json(as_json(bundle), indent=1) + "\n")
    return bundle, write_paper(folder / record.name / "evidence.html", bundle_page(bundle, record))


def write_sheet(folder: Path, sheet: Sheet) -> Path:
    """Write a tenant's hand-over sheet in both forms, and return its page."""
    write_paper(folder / sheet.tenant.name / "hand-over.md", sheet_text(sheet))
    return write_paper(folder / sheet.tenant.name / "hand-over.html", sheet_page(sheet))


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
