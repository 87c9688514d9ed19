"""What is done to our own application registrations through Graph, one function an act.

Nothing here makes a client secret, and nothing takes one in: an application of ours proves itself with a pipeline's
token or with a certificate whose key stays where it was made.
"""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody as RemoveOfApplication,
)
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.key_credential import KeyCredential
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.service_principals.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody as RemoveOfPrincipal,
)

from steward import acts
from steward.graph.session import GraphSession
from steward.sinks.sink import Sink
from steward.wellknown.registration import SINGLE_TENANT


async def register_application(session: GraphSession, act: acts.RegisterApplication, _: Sink | None) -> None:
    """Register the application, and remember it: a list may not show it for a while."""
    body = Application(display_name=act.name, tags=sorted(act.tags), sign_in_audience=SINGLE_TENANT)
    made = await session.client.applications.post(body)
    session.registered.add(made.id)


async def create_principal(session: GraphSession, act: acts.CreatePrincipal, _: Sink | None) -> None:
    """Create the service principal."""
    await session.client.service_principals.post(ServicePrincipal(app_id=act.client_id))


async def disown_application(session: GraphSession, act: acts.DisownApplication, _: Sink | None) -> None:
    """Delete the reference to an owner."""
    client = session.client
    if act.is_principal:
        owners = client.service_principals.by_service_principal_id(act.object_id).owners
    else:
        owners = client.applications.by_application_id(act.object_id).owners
    await owners.by_directory_object_id(act.owner_id).ref.delete()


async def remove_secret(session: GraphSession, act: acts.RemoveSecret, _: Sink | None) -> None:
    """Remove a client secret."""
    client = session.client
    if act.is_principal:
        principal = client.service_principals.by_service_principal_id(act.object_id)
        await principal.remove_password.post(RemoveOfPrincipal(key_id=UUID(act.key_id)))
        return
    application = client.applications.by_application_id(act.object_id)
    await application.remove_password.post(RemoveOfApplication(key_id=UUID(act.key_id)))


async def set_certificate(session: GraphSession, act: acts.SetCertificate, _: Sink | None) -> None:
    """Replace the whole list of certificates, which is what a PATCH of it does."""
    keys: list[KeyCredential] = []
    if act.key_id is not None:
        keys = [KeyCredential(key_id=UUID(act.key_id), type="AsymmetricX509Cert", usage="Verify")]
    elif act.certificate is not None:
        keys = [KeyCredential(type="AsymmetricX509Cert", usage="Verify", key=b64decode(act.certificate))]
    if act.is_principal:
        principal = session.client.service_principals.by_service_principal_id(act.object_id)
        await principal.patch(ServicePrincipal(key_credentials=keys))
        return
    await session.client.applications.by_application_id(act.object_id).patch(Application(key_credentials=keys))


async def add_trust(session: GraphSession, act: acts.AddTrust, _: Sink | None) -> None:
    """Add a federated credential."""
    body = FederatedIdentityCredential(name=act.name, issuer=act.issuer, subject=act.subject, audiences=[act.audience])
    await session.client.applications.by_application_id(act.object_id).federated_identity_credentials.post(body)


async def remove_trust(session: GraphSession, act: acts.RemoveTrust, _: Sink | None) -> None:
    """Remove a federated credential."""
    trusts = session.client.applications.by_application_id(act.object_id).federated_identity_credentials
    await trusts.by_federated_identity_credential_id(act.credential_id).delete()


async def give_application_role(session: GraphSession, act: acts.GiveApplicationRole, _: Sink | None) -> None:
    """Assign a directory role for the whole tenant."""
    body = UnifiedRoleAssignment(
        principal_id=act.principal_id, role_definition_id=act.role_template_id, directory_scope_id="/"
    )
    await session.client.role_management.directory.role_assignments.post(body)


async def delete_application(session: GraphSession, act: acts.DeleteApplication, _: Sink | None) -> None:
    """Delete the application, and its service principal with it."""
    await session.client.applications.by_application_id(act.object_id).delete()
    session.registered.discard(act.object_id)


REGISTERING: Mapping[type[Any], Callable[[GraphSession, Any, Sink | None], Awaitable[None]]] = MappingProxyType(
    {
        acts.RegisterApplication: register_application,
        acts.CreatePrincipal: create_principal,
        acts.DisownApplication: disown_application,
        acts.RemoveSecret: remove_secret,
        acts.SetCertificate: set_certificate,
        acts.AddTrust: add_trust,
        acts.RemoveTrust: remove_trust,
        acts.GiveApplicationRole: give_application_role,
        acts.DeleteApplication: delete_application,
    }
)
