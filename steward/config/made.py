"""Writes the client ids of our identities, and who deploys, into a tenant file; every other byte stays."""

from collections.abc import Mapping
from pathlib import Path

from steward.config.editing import write_values
from steward.config.loader import load_tenant
from steward.config.model import Deployer
from steward.config.problem import KeyPath, key_text
from steward.errors import ConfigError


def write_made(path: Path, client_ids: Mapping[str, str], deployer_id: str | None) -> tuple[str, ...]:
    """Set the client ids by identity, and the deployer's object id where none stands there; return the keys written.

    Identities that are not named keep the client ids that they have.
    """
    tenant = load_tenant(path)
    if tenant.identities is None:
        raise ConfigError(f"{path}: identities is missing", next_move="say under identities who signs in as them")
    values: dict[KeyPath, str] = {
        ("identities", "client_ids", identity.replace("-", "_")): client_id
        for identity, client_id in client_ids.items()
        if tenant.identities.client_ids.get(identity) != client_id
    }
    made = tenant.identities.model_copy(update={"client_ids": {**tenant.identities.client_ids, **client_ids}})
    update: dict[str, object] = {"identities": made}
    if deployer_id is not None and tenant.deployer is None:
        values[("deployer", "object_id")] = deployer_id
        update["deployer"] = Deployer(object_id=deployer_id)
    keys = tuple(key_text(key) for key in values)

    def by_hand(why: str) -> ConfigError:
        lines = ", ".join(f"{key_text(key)}: {value}" for key, value in values.items())
        return ConfigError(
            f"{path}: {', '.join(keys)} could not be written", why=why, next_move=f"set by hand: {lines}"
        )

    if values:
        write_values(path, values, tenant.model_copy(update=update), by_hand)
    return keys
