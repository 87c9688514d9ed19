"""A stack that is not the tenant's tells nothing about it, and none of its state is touched."""

import asyncio
from pathlib import Path

from scripts.wiring import open_workspace
from steward.facts import Unreadable
from tests.lifecycle.situation import TENANT


def test_state_of_another_tenants_stack_is_not_read(tmp_path: Path) -> None:
    provider = '{"azuread": [{"tenant_id": "00000000-0000-4000-8000-00000000000e"}]}'
    (tmp_path / "cdk.tf.json").write_text(f'{{"provider": {provider}, "resource": {{}}}}')

    with open_workspace(TENANT, tmp_path, "no-such-program", is_urgent=True, observe=lambda _: None) as workspace:
        read = asyncio.run(workspace.read_stack())

    assert isinstance(read, Unreadable)
    assert "another tenant's" in read.why
