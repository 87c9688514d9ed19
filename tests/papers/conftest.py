"""Tenants with a life behind them, as papers meet them: a tenant file and its evidence."""

from pathlib import Path

import pytest

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.papers.record import Record, read_record
from tests.config.good_file import GOOD, write_tenant_file
from tests.papers.lives import AT_DEPLOY, write_run


def record_of(folder: Path) -> Record:
    """Read a folder's evidence as it is now."""
    return read_record(folder, name="contoso")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The evidence folder of a tenant that was sealed."""
    folder = tmp_path / "project" / "evidence" / "contoso"
    write_run(folder, AT_DEPLOY)
    return folder


@pytest.fixture
def file(tmp_path: Path, folder: Path) -> Path:
    """The tenant file whose evidence that is."""
    assert folder.is_dir()
    return write_tenant_file(tmp_path, GOOD)


@pytest.fixture
def tenant(file: Path) -> Tenant:
    return load_tenant(file)
