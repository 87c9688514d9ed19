"""What applications prove themselves with, who owns them and what they may do, as the directory shows it."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.application_item_request_builder import ApplicationItemRequestBuilder
from msgraph.generated.models.application import Application
from msgraph.generated.models.key_credential import KeyCredential
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.role_management.directory.role_assignments.role_assignments_request_builder import (
    RoleAssignmentsRequestBuilder,
)
from msgraph.generated.service_principals.item.service_principal_item_request_builder import (
    ServicePrincipalItemRequestBuilder,
)
from msgraph.generated.service_principals.service_principals_request_builder import ServicePrincipalsRequestBuilder

from steward.facts import Reading
from steward.graph.failures import reading
from steward.graph.paging import quote, read_all
from steward.graph.session import GraphSession
from steward.registrations import (
    CertificateState,
    GrantedPermission,
    HeldRole,
    PrincipalState,
    Registrations,
    RegistrationState,
    SecretState,
    TrustState,
)
from steward.wellknown.permissions import MICROSOFT_GRAPH_APP_ID

# The bytes of certificates are shown only to who selects them of a single object ("keyCredential resource type",
# learn.microsoft.com, read November 2026).
_OF_APPLICATION = [
    "id",
    "appId",
    "displayName",
    "tags",
    "signInAudience",
    "createdDateTime",
    "passwordCredentials",
    "keyCredentials",
    "web",
    "spa",
    "publicClient",
    "isFallbackPublicClient",
    "api",
]
_OF_PRINCIPAL = ["id", "accountEnabled", "passwordCredentials", "keyCredentials"]
_DIRECTORY_ROLE = "#microsoft.graph.directoryRole"


async def read_registrations(session: GraphSession, tag: str, client_ids: Iterable[str]) -> Reading[Registrations]:
    """Read the applications that bear the tag, those with the client ids, and those that this session registered."""

    async def read() -> Reading[Registrations]:
        conditions = [
            f"tags/any(t:t eq {quote(tag)})",
            *(f"appId eq {quote(each)}" for each in sorted(set(client_ids))),
        ]
        found = await asyncio.gather(*(_find(session, condition) for condition in conditions))
        ids = {application.id for each in found for application in each}
        # The list may lag behind what was registered a moment ago; asked for by its id, it is there or the read fails.
        ids |= session.registered
        entries = await asyncio.gather(*(_read_application(session, object_id) for object_id in sorted(ids)))
        return Registrations(tuple(entries), await _find_graph(session))

    return await reading("our applications", read)


async def _find(session: GraphSession, condition: str) -> Sequence[Application]:
    query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(filter=condition, select=["id"])
    found: Sequence[Application] = await read_all(session.client.applications, query)
    return found


async def _read_application(session: GraphSession, object_id: str) -> RegistrationState:
    builder = session.client.applications.by_application_id(object_id)
    query = ApplicationItemRequestBuilder.ApplicationItemRequestBuilderGetQueryParameters(select=_OF_APPLICATION)
    application, owners, trusts = await asyncio.gather(
        builder.get(RequestConfiguration(query_parameters=query)),
        read_all(builder.owners),
        read_all(builder.federated_identity_credentials),
    )
    return RegistrationState(
        object_id=application.id,
        client_id=application.app_id,
        name=application.display_name or "",
        tags=frozenset(application.tags or ()),
        audience=application.sign_in_audience or "",
        created=application.created_date_time,
        owners=_ids(owners),
        secrets=_secrets(application.password_credentials),
        certificates=_certificates(application.key_credentials),
        trusts=tuple(
            TrustState(each.id, each.name or "", each.issuer or "", each.subject or "", tuple(each.audiences or ()))
            for each in trusts
        ),
        openings=tuple(_openings(application)),
        principal=await _read_principal(session, application.app_id),
    )


def _openings(application: Application) -> Iterator[str]:
    """Yield through what delegated permissions could be used that somebody granted to the application."""
    for name, platform in (("web", application.web), ("spa", application.spa), ("public", application.public_client)):
        count = len((platform.redirect_uris if platform else None) or ())
        if count:
            yield f"{count} {name} redirect URI{'' if count == 1 else 's'}"
    if application.is_fallback_public_client:
        yield "public client flows"
    scopes = (application.api.oauth2_permission_scopes if application.api else None) or ()
    if any(scope.is_enabled for scope in scopes):
        yield "a scope that it exposes"


async def _read_principal(session: GraphSession, client_id: str) -> PrincipalState | None:
    query = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
        filter=f"appId eq {quote(client_id)}", select=["id"]
    )
    found = await read_all(session.client.service_principals, query)
    if not found:
        return None
    object_id = str(found[0].id)
    builder = session.client.service_principals.by_service_principal_id(object_id)
    one = ServicePrincipalItemRequestBuilder.ServicePrincipalItemRequestBuilderGetQueryParameters(select=_OF_PRINCIPAL)
    principal, owners, permissions, memberships, roles = await asyncio.gather(
        builder.get(RequestConfiguration(query_parameters=one)),
        read_all(builder.owners),
        read_all(builder.app_role_assignments),
        read_all(builder.transitive_member_of),
        _read_roles(session, object_id),
    )
    return PrincipalState(
        object_id=object_id,
        is_enabled=bool(principal.account_enabled),
        owners=_ids(owners),
        secrets=_secrets(principal.password_credentials),
        certificates=_certificates(principal.key_credentials),
        permissions=tuple(
            GrantedPermission(each.id, str(each.resource_id), str(each.app_role_id)) for each in permissions
        ),
        roles=roles,
        memberships=tuple(
            sorted(
                str(getattr(each, "display_name", None) or each.id)
                for each in memberships
                if each.odata_type != _DIRECTORY_ROLE
            )
        ),
    )


async def _read_roles(session: GraphSession, principal_id: str) -> tuple[HeldRole, ...] | None:
    query = RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters(
        filter=f"principalId eq {quote(principal_id)}"
    )
    try:
        found = await read_all(session.client.role_management.directory.role_assignments, query)
    except APIError as error:
        if error.response_status_code == HTTPStatus.FORBIDDEN:
            return None
        raise
    return tuple(
        HeldRole(each.id, str(each.role_definition_id).lower(), each.directory_scope_id or "") for each in found
    )


async def _find_graph(session: GraphSession) -> str:
    query = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
        filter=f"appId eq {quote(MICROSOFT_GRAPH_APP_ID)}", select=["id"]
    )
    (found,) = await read_all(session.client.service_principals, query)
    return str(found.id)


def _ids(found: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(str(each.id) for each in found))


def _secrets(found: Iterable[PasswordCredential] | None) -> tuple[SecretState, ...]:
    return tuple(SecretState(str(each.key_id), each.display_name or "", each.end_date_time) for each in found or ())


def _certificates(found: Iterable[KeyCredential] | None) -> tuple[CertificateState, ...]:
    return tuple(
        CertificateState(str(each.key_id), hashlib.sha256(each.key or b"").hexdigest(), each.end_date_time)
        for each in found or ()
    )
