"""Writing the day of sealing: one line more, and not one byte else."""

import stat
from datetime import date
from pathlib import Path

import pytest

from steward.config.loader import load_tenant
from steward.config.problem import TenantFileError
from steward.config.sealed import write_sealed_on
from steward.errors import ConfigError
from tests.config.good_file import GOOD, mutate, write_tenant_file

DAY = date(2026, 11, 23)
LINE = "sealed_on: 2026-11-23"
EXAMPLE = (Path(__file__).parents[2] / "tenants" / "example.yaml.sample").read_text(encoding="utf-8")
LICENCES = "  licences: [EXCHANGESTANDARD]\n"


def with_account(lines: str) -> str:
    """Return the good file with the account's section written as `lines`."""
    return mutate(GOOD[GOOD.index("account:") : GOOD.index("break_glass:")], lines)


LAYOUTS = {
    "plain": GOOD,
    "example": EXAMPLE,
    "comment-after-the-last-key": mutate(LICENCES, "  licences: [EXCHANGESTANDARD]  # one\n"),
    "comments-before-the-next-section": mutate(LICENCES, f"{LICENCES}  # about the account\n\n# about break-glass\n"),
    "list-in-lines": mutate(LICENCES, "  licences:\n    - EXCHANGESTANDARD # mail\n    # - none\n\n"),
    "list-over-lines": mutate(LICENCES, "  licences: [\n    EXCHANGESTANDARD, # mail\n  ]\n"),
    "quotes": mutate("  display_name: Jonas Keller\n", "  'display_name': \"Jonas  Keller\"\n"),
    "folded-text": with_account(
        "account:\n  login: j.keller@contoso.com\n  usage_location: US\n  display_name: >-\n    Jonas\n    Keller\n\n"
    ),
    "wide-indentation": with_account(
        "account:\n      login: j.keller@contoso.com\n      display_name: Jonas Keller\n      usage_location: US\n"
    ),
    "merged": with_account(
        "account:\n  <<: {login: j.keller@contoso.com, display_name: Jonas Keller}\n  usage_location: US\n"
    ),
    "braces": with_account(
        "account: {login: j.keller@contoso.com, display_name: Jonas Keller, usage_location: US}  # in one line\n"
    ),
    "braces-over-lines": with_account(
        "account: {\n  login: j.keller@contoso.com, # hers\n  display_name: Jonas,\n  usage_location: US, # here\n}\n"
    ),
    "last-section-without-a-final-line-break": with_account("")
    + "account:\n  login: j.keller@contoso.com\n  display_name: Jonas Keller\n  usage_location: US",
    "byte-order-mark": f"\ufeff{GOOD}",
    "letters-of-many-bytes": mutate("Jonas Keller", "Jürgen Käßler 😀"),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_day_is_added_and_every_other_byte_kept(layout: str, newline: str, tmp_path: Path) -> None:
    before = LAYOUTS[layout].replace("\n", newline)
    file = write_tenant_file(tmp_path, before)
    unsealed = load_tenant(file)

    assert write_sealed_on(file, DAY) is True

    after = file.read_bytes().decode()
    additions = (f"{newline}  {LINE},", f"{newline}  {LINE}", f"{newline}      {LINE}", f", {LINE}")
    assert before in [after.replace(addition, "", 1) for addition in additions]
    sealed = load_tenant(file)
    assert sealed.account.sealed_on == DAY
    assert sealed.account.model_copy(update={"sealed_on": None}) == unsealed.account


def test_second_writing_changes_nothing(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path)
    write_sealed_on(file, DAY)
    sealed, changed = file.read_bytes(), file.stat().st_mtime_ns

    assert write_sealed_on(file, DAY) is False
    assert write_sealed_on(file, date(2026, 11, 24)) is False

    assert (file.read_bytes(), file.stat().st_mtime_ns) == (sealed, changed)


def test_mode_and_link_are_kept_and_nothing_is_left_behind(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path)
    file.chmod(0o640)
    link = tmp_path / "project" / "tenants" / "link.yaml"
    link.symlink_to(file.name)

    write_sealed_on(link, DAY)

    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert load_tenant(file).account.sealed_on == DAY
    assert sorted(each.name for each in file.parent.iterdir()) == ["contoso.yaml", "link.yaml"]


def test_layout_that_cannot_be_edited_is_left_alone_and_the_line_named(tmp_path: Path) -> None:
    text = with_account(
        "account:\n  ? login\n  : j.keller@contoso.com\n  ? display_name\n  : Jonas\n  ? usage_location\n  : US\n"
    )
    file = write_tenant_file(tmp_path, text)

    with pytest.raises(ConfigError, match=LINE):
        write_sealed_on(file, DAY)

    assert file.read_text() == text
    assert [each.name for each in file.parent.iterdir()] == ["contoso.yaml"]


def test_folder_that_cannot_be_written_leaves_the_file_alone_and_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_tenant_file(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)

    with pytest.raises(ConfigError, match=rf"Permission denied[\s\S]*{LINE}"):
        write_sealed_on(file, DAY)

    assert file.read_text() == GOOD


def test_bad_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = mutate("mfa: any", "mfa: none")
    file = write_tenant_file(tmp_path, text)

    with pytest.raises(TenantFileError):
        write_sealed_on(file, DAY)

    assert file.read_text() == text
