"""Every type that the provider knows, in the order in which people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.provider.data_sources.client_config import ClientConfig
from sandbox.provider.data_sources.domains import Domains
from sandbox.provider.data_sources.group import Group
from sandbox.provider.data_sources.service_principal import FoundServicePrincipal
from sandbox.provider.data_sources.user import FoundUser
from sandbox.provider.resource import DataSource, Resource
from sandbox.provider.resources.app_role_assignment import AppRoleAssignment
from sandbox.provider.resources.application import Application
from sandbox.provider.resources.conditional_access_policy import ConditionalAccessPolicy
from sandbox.provider.resources.directory_role_assignment import DirectoryRoleAssignment
from sandbox.provider.resources.service_principal import ServicePrincipal
from sandbox.provider.resources.user import User

RESOURCES: Final[Mapping[str, Resource]] = {
    item.name: item
    for item in (
        User(),
        Application(),
        ServicePrincipal(),
        AppRoleAssignment(),
        ConditionalAccessPolicy(),
        DirectoryRoleAssignment(),
    )
}

DATA_SOURCES: Final[Mapping[str, DataSource]] = {
    item.name: item for item in (ClientConfig(), Domains(), Group(), FoundServicePrincipal(), FoundUser())
}
