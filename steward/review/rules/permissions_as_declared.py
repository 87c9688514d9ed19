"""The registration asks for, and Terraform grants, nothing that the tenant file does not declare."""

from collections.abc import Iterator

from steward.config.model import Tenant
from steward.review.attributes import requested_permissions
from steward.review.risks import permission_words
from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import APP_ROLE_ASSIGNMENT, APPLICATION, DELEGATED_GRANT, Subject
from steward.review.values import at, is_unknown, text_at, texts
from steward.review.words import join, plain, shown


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find permissions beyond the tenant file: asked for by a registration, or granted by the plan itself."""
    if subject.tenant is None:
        yield Untold(("no tenant file says which permissions are declared",))
        return
    declared = _declared(subject.tenant)
    for change in subject.remaining(APPLICATION):
        requested = set(requested_permissions(at(change.change.after, "required_resource_access")))
        beyond = sorted((permission_words(*each) for each in requested - declared), key=plain)
        if beyond:
            yield Breach(("asks for ", *join(beyond[:8])), change.address)
        if is_unknown(change.change, "required_resource_access"):
            yield Untold(("what the registration asks for is known after the apply only",))
    ids = {permission_id for _, permission_id, kind in declared if kind == "Role"}
    for change in subject.remaining(APP_ROLE_ASSIGNMENT):
        if not subject.is_of_own_principal(change) and text_at(change.change.after, "app_role_id") not in ids:
            yield Breach(("grants an application permission that is not declared",), change.address)
    scopes = {permission.value for permission in subject.tenant.application.permissions.delegated}
    for change in subject.remaining(DELEGATED_GRANT):
        more = sorted(texts(at(change.change.after, "claim_values")) - scopes)
        if more or is_unknown(change.change, "claim_values"):
            yield Breach(("grants ", *join([(shown(each),) for each in more])), change.address)


def _declared(tenant: Tenant) -> set[tuple[str, str, str]]:
    permissions = tenant.application.permissions
    return {
        (each.resource_app_id.lower(), each.id.lower(), kind)
        for kind, several in (("Role", permissions.application), ("Scope", permissions.delegated))
        for each in several
    }


RULE = Rule(
    id="permissions_as_declared",
    title="No permission goes beyond the tenant file",
    severity=Severity.HIGH,
    why="The tenant file is what was agreed with the tenant; the consent grants exactly that.",
    remedy="Declare the permission in the tenant file, where it is reviewed by name, or take it out of the stack.",
    source="docs/tenant-file.md",
    judge=judge,
)
