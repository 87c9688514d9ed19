"""``data.azuread_domains``."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Refusal
from sandbox.provider.resource import DataSource
from sandbox.provider.schema import computed, optional, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING, STRINGS, list_of_objects

# A filter argument, and the property that must not be false when it is set.
_FILTERS = {
    "admin_managed": "isAdminManaged",
    "only_default": "isDefault",
    "only_initial": "isInitial",
    "only_root": "isRoot",
}


class Domains(DataSource):
    """The tenant's domains; Graph filters none of them, so this does."""

    name = "azuread_domains"
    schema = read_only(
        {
            "admin_managed": optional(BOOL),
            "domains": computed(
                list_of_objects(
                    admin_managed=BOOL,
                    authentication_type=STRING,
                    default=BOOL,
                    domain_name=STRING,
                    initial=BOOL,
                    root=BOOL,
                    supported_services=STRINGS,
                    verified=BOOL,
                )
            ),
            "include_unverified": optional(BOOL, excludes=("only_default", "only_initial")),
            "only_default": optional(BOOL, excludes=("only_initial", "only_root")),
            "only_initial": optional(BOOL, excludes=("only_default", "only_root")),
            "only_root": optional(BOOL, excludes=("only_default", "only_initial")),
            "supports_services": optional(STRINGS),
        }
    )

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
        """List the domains and keep those that are asked for."""
        services = config["supports_services"] or ()
        if "" in services:
            # An empty text comes to the real provider as none at all, which it cannot read.
            summary = _unreadable(services)
            raise Diagnosis(summary, summary)
        try:
            found = session.graph.list("/domains")
        except Refusal as error:
            summary = f"listing domains: {error}"
            raise Diagnosis(summary, summary) from error
        kept = [_block(domain) for domain in found if _is_wanted(domain, config)]
        if not kept:
            summary = "no domains found for the provided filters"
            raise Diagnosis(summary, summary)
        names = "/".join(domain["domain_name"] for domain in kept)
        digest = base64.urlsafe_b64encode(hashlib.sha1(names.encode(), usedforsecurity=False).digest()).decode()
        arguments = {name: config[name] for name in (*_FILTERS, "include_unverified", "supports_services")}
        return {**arguments, "id": f"domains#{session.tenant_id}#{digest}", "domains": kept}


def _unreadable(services: Sequence[str]) -> str:
    shown = " ".join(service or "<nil>" for service in services)
    why = "interface conversion: interface {} is nil, not string"
    return f'decoding: while setting value [{shown}] of model field "<[]string Value>": {why}'


def _is_wanted(domain: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    if any(config[name] and domain.get(source) is False for name, source in _FILTERS.items()):
        return False
    if not config["include_unverified"] and domain.get("isVerified") is False:
        return False
    return set(config["supports_services"] or ()) <= set(domain.get("supportedServices") or ())


def _block(domain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "admin_managed": bool(domain.get("isAdminManaged")),
        "authentication_type": domain.get("authenticationType") or "",
        "default": bool(domain.get("isDefault")),
        "domain_name": domain["id"],
        "initial": bool(domain.get("isInitial")),
        "root": bool(domain.get("isRoot")),
        "supported_services": domain.get("supportedServices") or [],
        "verified": bool(domain.get("isVerified")),
    }
