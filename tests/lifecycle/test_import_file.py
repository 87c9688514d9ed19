"""The file that takes in what exists: one that Terraform reads, and never over something else."""

import json
from pathlib import Path

import pytest

from steward.errors import ConfigError
from steward.lifecycle.import_file import require_import_file, write_import_file

BLOCKS = [{"to": "azuread_user.service_account", "id": "/users/1"}]


def test_file_is_written_for_people_to_read_and_may_be_written_again(tmp_path: Path) -> None:
    file = tmp_path / "import.tf.json"
    for _ in range(2):
        require_import_file(file)
        write_import_file(file, BLOCKS)
    assert json.loads(file.read_text()) == {"import": BLOCKS}
    assert len(file.read_text().splitlines()) > len(BLOCKS)


@pytest.mark.parametrize("content", ['{"resource": {}}', '{"import": [], "resource": {}}', "[]", "notes", "\udcff"])
def test_other_file_of_that_name_is_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cdk.tf.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match="is there already"):
        require_import_file(file)


def test_file_that_terraform_would_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file that Terraform would read"):
        require_import_file(tmp_path / "import.json")


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_import_file(tmp_path / "nowhere" / "import.tf.json", BLOCKS)
