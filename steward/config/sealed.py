"""Writes the day of sealing into a tenant file, the lock that holds even if Terraform's state is lost.

One line is added and every other byte stays: comments, order, quotes and line endings.
"""

from datetime import date
from pathlib import Path

from steward.config.editing import write_values
from steward.config.loader import load_tenant
from steward.errors import ConfigError


def write_sealed_on(path: Path, day: date) -> bool:
    """Set `account.sealed_on` to `day`; return False, and touch nothing, where a day stands there already."""
    tenant = load_tenant(path)
    if tenant.account.sealed_on is not None:
        return False
    account = tenant.account.model_copy(update={"sealed_on": day})

    def by_hand(why: str) -> ConfigError:
        return ConfigError(
            f"{path}: account.sealed_on could not be written",
            why=why,
            next_move=f"add this line under account: by hand: sealed_on: {day.isoformat()}",
        )

    wanted = tenant.model_copy(update={"account": account})
    write_values(path, {("account", "sealed_on"): day.isoformat()}, wanted, by_hand)
    return True
