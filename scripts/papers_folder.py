"""Where papers are written: a folder a tenant, each file readable by its owner alone, as the evidence is.

A rehearsal's lie apart, so that none takes the place of a tenant's; two tenants of one name are refused in one call.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from steward.config.clouds import CLOUDS
from steward.config.model import Tenant
from steward.delivery.manifest import write_private
from steward.errors import ConfigError
from steward.papers.bundle import Bundle, as_json, bundle_page, make_bundle
from steward.papers.handover import Sheet, sheet_page, sheet_text
from steward.papers.record import Record
from steward.visible import dump_json

_PAPERS = Path("papers")
# A tenant may have any name, so what is apart has a folder more above it.
_REHEARSALS = "rehearsals"


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Let a program be told where to write."""
    parser.add_argument(
        "--folder", type=Path, default=_PAPERS, help="where to write, a folder a tenant (default: %(default)s)"
    )


@dataclass
class Shelf:
    """The folder that one call writes to, and whose papers it has written; one for rehearsals says so of itself."""

    folder: Path
    is_for_rehearsals: bool = False
    _claimed: dict[Path, Path] = field(default_factory=dict)

    def place(self, name: str, source: Path, *, is_rehearsal: bool) -> Path:
        """Return where a tenant's papers go; `source` is the file or folder that they are made from."""
        is_apart = is_rehearsal and not self.is_for_rehearsals
        place = self.folder / _REHEARSALS / name if is_apart else self.folder / name
        other = self._claimed.setdefault(place, source)
        if other.resolve() != source.resolve():
            raise ConfigError(
                f"{source}: its papers would take the place of those of {other}, in {place}",
                why=f"both are of a tenant named {name}",
                next_move="give each tenant one file, or write one of the two to another --folder in a call of its own",
            )
        return place


def write_bundle(shelf: Shelf, record: Record, source: Path, tenant: Tenant | None = None) -> tuple[Bundle, Path]:
    """Write a tenant's evidence bundle, JSON first, and return it with its page; only the page takes pictures."""
    bundle = make_bundle(record, tenant)
    folder = shelf.place(record.name, source, is_rehearsal=bundle.is_rehearsal)
    write_paper(folder / "evidence.json", dump_json(as_json(bundle), indent=1) + "\n")
    return bundle, write_paper(folder / "evidence.html", bundle_page(bundle, record))


def write_sheet(shelf: Shelf, sheet: Sheet) -> Path:
    """Write a tenant's hand-over sheet in both forms, and return its page."""
    # The file of a rehearsal is known by its hosts, before any run.
    is_rehearsal = sheet.is_rehearsal or sheet.tenant.tenant.cloud not in CLOUDS.values()
    folder = shelf.place(sheet.tenant.name, sheet.tenant.file, is_rehearsal=is_rehearsal)
    write_paper(folder / "hand-over.md", sheet_text(sheet))
    return write_paper(folder / "hand-over.html", sheet_page(sheet))


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
