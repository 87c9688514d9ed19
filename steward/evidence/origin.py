"""What a run ran against: a tenant in a public cloud, or a rehearsal's sandbox, which proves nothing of any tenant.

Programs write it into a run's first line, and whoever judges evidence reads it there: the hosts of sign-in and of
Graph, and the provider. Only a public cloud's own hosts and the genuine provider make proof; a run without hosts does
not tell.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from steward.config.clouds import CLOUDS, Cloud
from steward.config.model import Tenant
from steward.evidence.runs import Run

# The published one, by its address; another one has another address, or says what it is behind its version.
_GENUINE = re.compile(r"hashicorp/azuread (\d{1,9})\.\d+\.\d+", re.ASCII)
# The stack asks for this one or a later one; none that is older can have run it.
OLDEST_MAJOR = 3
_NO_PROVIDER = frozenset({"", "none installed"})


class Origin(StrEnum):
    """What evidence comes from; the words are those that papers show."""

    TENANT = "a tenant"
    # What it saw and did there counts, and proves no more than a rehearsal.
    OTHER_PROVIDER = "a tenant, by another provider"
    REHEARSAL = "a rehearsal"
    UNTOLD = "not told"


def describe_tenant(tenant: Tenant) -> dict[str, Any]:
    """Return what every run's first line says of its tenant: name, id, and the hosts that are asked."""
    return {"tenant": tenant.name, "tenant_id": tenant.tenant.id, "ran_against": _hosts_of(tenant.tenant.cloud)}


def _hosts_of(cloud: Cloud) -> dict[str, str]:
    return {"sign_in": urlsplit(cloud.authority).netloc, "graph": urlsplit(cloud.graph).netloc}


_PUBLIC = tuple(_hosts_of(cloud) for cloud in CLOUDS.values())


def find_origin(run: Run) -> Origin:
    """Return what a run ran against, by its first line."""
    provider, hosts = _provider_of(run), run.about.get("ran_against")
    is_genuine = provider in _NO_PROVIDER or _is_genuine(provider)
    if hosts is None:
        return Origin.UNTOLD if is_genuine else Origin.REHEARSAL
    if hosts not in _PUBLIC:
        return Origin.REHEARSAL
    return Origin.TENANT if is_genuine else Origin.OTHER_PROVIDER


def _is_genuine(provider: str) -> bool:
    found = _GENUINE.fullmatch(provider)
    return found is not None and int(found[1]) >= OLDEST_MAJOR


def names_provider(run: Run) -> bool:
    """Return whether a run says with which provider it worked, genuine or not."""
    return _provider_of(run) not in _NO_PROVIDER


def describe_hosts(run: Run) -> str:
    """Return the hosts that a run names, empty where it names none."""
    hosts = run.about.get("ran_against")
    named = hosts.values() if isinstance(hosts, Mapping) else ()
    return " and ".join(dict.fromkeys(host for host in named if isinstance(host, str)))


def describe_origin(run: Run) -> str:
    """Return the hosts and the provider that a run names, empty where it names neither."""
    provider = _provider_of(run)
    hosts = describe_hosts(run) or "hosts that it does not name"
    return hosts if provider in _NO_PROVIDER else f"{hosts} with {provider}"


def find_origins(runs: Iterable[Run]) -> frozenset[Origin]:
    """Return what runs ran against; one without a first line says nothing of it."""
    return frozenset(find_origin(run) for run in runs if run.about)


def find_counted(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return the runs that count: all of them, but a rehearsal's where others lie beside them."""
    if find_origins(runs) <= {Origin.REHEARSAL}:
        return runs
    return tuple(run for run in runs if not run.about or find_origin(run) is not Origin.REHEARSAL)


def is_rehearsal(counted: Iterable[Run]) -> bool:
    """Return whether runs that count prove nothing of a tenant.

    A run that uses no provider, such as a guard's, is no better than those beside it that do.
    """
    told = [run for run in counted if run.about]
    judged = [run for run in told if names_provider(run)] or told
    return bool(judged) and find_origins(judged) <= {Origin.REHEARSAL, Origin.OTHER_PROVIDER}


def _provider_of(run: Run) -> str:
    engine = run.about.get("engine")
    if engine is None:
        return ""
    found = engine.get("provider", "") if isinstance(engine, Mapping) else engine
    return found if isinstance(engine, Mapping) and isinstance(found, str) else "a provider without a name"
