"""Files that are no tenant files at all: each is one clear error, with a line where there is one."""

import os
from pathlib import Path

import pytest

from steward.config.loader import load_tenant
from steward.config.problem import TenantFileError
from tests.config.good_file import GOOD, mutate, write_tenant_file

NOT_YAML_OF_OURS = {
    "empty": (b"", None, "is empty"),
    "comments-only": (b"# nothing here\n", None, "is empty"),
    "a-list": (b"# a list\n- tenant: contoso\n", 2, "a list"),
    "a-word": (b"contoso\n", 1, "a single value"),
    "binary": (b"tenant:\n  name: \x00\x01\x02\n", 2, "binary"),
    "elf": (b"\x7fELF\x02\x01\x01\x00", 1, "binary"),
    "latin-1": (b"tenant:\n  name: J\xfcrg\n", 2, "UTF-8"),
    "utf-16": (GOOD.encode("utf-16"), 1, "UTF-8"),
    "tab-as-indentation": (b"tenant:\n\tname: contoso\n", 2, "tab"),
    "unclosed-quote": (b'tenant:\n  name: "contoso\n', None, "not valid YAML"),
    "unclosed-bracket": (b"tenant: [\n", None, "not valid YAML"),
    "bad-indentation": (b"tenant:\n    name: contoso\n  id: x\n", 3, "not valid YAML"),
    "two-documents": (b"tenant: {}\n---\ntenant: {}\n", 2, "another document"),
    "undefined-alias": (b"tenant: *nobody\n", 1, "nobody"),
    "python-object": (b"!!python/object/apply:os.getcwd []\n", 1, "list"),
    "python-object-as-mapping": (b"!!python/object:os.system {}\n", None, "tag"),
    "too-deep": (b"tenant: " + b"[" * 500, 1, "not valid YAML"),
    "too-large": (b"# " + b"x" * 70_000, None, "larger than 64 KiB"),
    "merge-of-a-word": (b"<<: contoso\n", 1, "merges"),
    "alias-bomb": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
        None,
        "too large",
    ),
}


@pytest.mark.parametrize("situation", NOT_YAML_OF_OURS)
def test_file_that_is_no_tenant_file_is_refused_with_its_reason(situation: str, tmp_path: Path) -> None:
    content, line, words = NOT_YAML_OF_OURS[situation]
    file = tmp_path / "contoso.yaml"
    file.write_bytes(content)

    with pytest.raises(TenantFileError) as caught:
        load_tenant(file)

    assert words in str(caught.value)
    assert str(file) in str(caught.value)
    if line is not None:
        assert line in [each.line for each in caught.value.problems]


def test_missing_file_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(TenantFileError, match=r"does not exist[\s\S]*example"):
        load_tenant(tmp_path / "contoso.yaml")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TenantFileError, match="is a folder"):
        load_tenant(tmp_path)


def test_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "contoso.yaml")

    with pytest.raises(TenantFileError, match="regular file"):
        load_tenant(tmp_path / "contoso.yaml")


def test_link_to_itself_is_refused_with_the_systems_reason(tmp_path: Path) -> None:
    (tmp_path / "contoso.yaml").symlink_to("contoso.yaml")

    with pytest.raises(TenantFileError, match="cannot be read"):
        load_tenant(tmp_path / "contoso.yaml")


def test_path_with_a_null_byte_is_refused() -> None:
    with pytest.raises(TenantFileError, match="cannot be read"):
        load_tenant(Path("a\0b.yaml"))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_endings_of_windows_change_nothing(newline: str, mark: str, tmp_path: Path) -> None:
    plain = load_tenant(write_tenant_file(tmp_path))

    file = write_tenant_file(tmp_path, mark + GOOD.replace("\n", newline), name="other.yaml")

    assert load_tenant(file).model_copy(update={"file": plain.file}) == plain


def test_problem_is_reported_at_the_same_line_with_line_endings_of_windows(tmp_path: Path) -> None:
    text = mutate("window_minutes: 60", "window_minutes: 0").replace("\n", "\r\n")

    with pytest.raises(TenantFileError) as caught:
        load_tenant(write_tenant_file(tmp_path, text))

    assert caught.value.problems[0].line == text[: text.index("window_minutes")].count("\n") + 1


def test_aliases_and_merges_mean_what_they_point_to(tmp_path: Path) -> None:
    text = mutate("  group: Break-glass accounts", "  &group\n  group: Break-glass accounts")
    text = mutate(
        "  - {role: Full Administrator, group: Dashboard administrators}",
        "  - {<<: *group, role: Full Administrator}\n  - {<<: *group, role: Collection Manager, group: Other people}",
        text=text,
    )

    tenant = load_tenant(write_tenant_file(tmp_path, text))

    assert [entry.group.name for entry in tenant.dashboard[:2]] == ["Break-glass accounts", "Other people"]


def test_words_that_older_yaml_takes_for_truth_values_stay_text(tmp_path: Path) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, mutate("usage_location: US", "usage_location: NO")))

    assert tenant.account.usage_location == "NO"
