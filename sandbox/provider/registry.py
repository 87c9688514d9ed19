"""Every type that the provider knows, in the order in which people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.provider.data_sources.application_published_app_ids import PublishedAppIds
from sandbox.provider.data_sources.client_config import ClientConfig
from sandbox.provider.data_sources.directory_role_templates import DirectoryRoleTemplates
from sandbox.provider.data_sources.domains import Domains
from sandbox.provider.data_sources.group import Group
from sandbox.provider.data_sources.service_principal import FoundServicePrincipal
from sandbox.provider.data_sources.user import FoundUser
from sandbox.provider.resource import DataSource, Resource
from sandbox.provider.resources.app_role_assignment import AppRoleAssignment
from sandbox.provider.resources.application import Application
from sandbox.provider.resources.application_federated_identity_credential import FederatedIdentityCredential
from sandbox.provider.resources.authentication_strength_policy import AuthenticationStrengthPolicy
from sandbox.provider.resources.conditional_access_policy import ConditionalAccessPolicy
from sandbox.provider.resources.directory_role import DirectoryRole
from sandbox.provider.resources.directory_role_assignment import DirectoryRoleAssignment
from sandbox.provider.resources.directory_role_eligibility_schedule_request import EligibilityScheduleRequest
from sandbox.provider.resources.group import Group as ManagedGroup
from sandbox.provider.resources.group_member import GroupMember
from sandbox.provider.resources.named_location import NamedLocation
from sandbox.provider.resources.service_principal import ServicePrincipal
from sandbox.provider.resources.service_principal_delegated_permission_grant import DelegatedPermissionGrant
from sandbox.provider.resources.user import User

RESOURCES: Final[Mapping[str, Resource]] = {
    item.name: item
    for item in (
        User(),
        Application(),
        FederatedIdentityCredential(),
        ServicePrincipal(),
        DelegatedPermissionGrant(),
        AppRoleAssignment(),
        ManagedGroup(),
        GroupMember(),
        NamedLocation(),
        AuthenticationStrengthPolicy(),
        ConditionalAccessPolicy(),
        DirectoryRole(),
        DirectoryRoleAssignment(),
        EligibilityScheduleRequest(),
    )
}

DATA_SOURCES: Final[Mapping[str, DataSource]] = {
    item.name: item
    for item in (
        ClientConfig(),
        DirectoryRoleTemplates(),
        Domains(),
        Group(),
        PublishedAppIds(),
        FoundServicePrincipal(),
        FoundUser(),
    )
}
