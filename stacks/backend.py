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
    stack.add_override(f"terraform.backend.{backend.kind}", dict(backend.settings))
