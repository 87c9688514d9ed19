"""Where Terraform keeps the tenant's state: any backend of Terraform, with the settings of the tenant file."""

from cdktf import LocalBackend, TerraformStack

from steward.config.model import Tenant


def declare_backend(stack: TerraformStack, tenant: Tenant) -> None:
    """Declare the tenant's backend; `local` without settings is cdktf's own place for it."""
    backend = tenant.backend
    if backend.kind == "local":
        path = backend.settings.get("path")
        LocalBackend(stack, **({"path": str(path)} if path else {}))
        return
    # Through an override rather than cdktf's classes, one a backend, so that every backend of Terraform is possible.
    LocalBackend(stack)
    stack.add_override("terraform.backend.local", None)
    if backend.kind == "cloud":
        stack.add_override("terraform.backend", None)
        stack.add_override("terraform.cloud", _cloud_block(dict(backend.settings)))
        return
    stack.add_override(f"terraform.backend.{backend.kind}", dict(backend.settings))


def _cloud_block(settings: dict[str, str | int | bool]) -> dict[str, object]:
    """Return HCP Terraform's block, which is no backend and has a block of its own for the workspace."""
    workspaces = {"name": settings.pop("workspace")}
    if "project" in settings:
        workspaces["project"] = settings.pop("project")
    return {**settings, "workspaces": workspaces}
