"""The stack of one tenant: everything that Terraform declares for it, in the order in which it comes to life."""

import shlex
from pathlib import Path

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_azuread.provider import AzureadProvider
from constructs import Construct

from stacks.app_registration import AppRegistration
from stacks.backend import declare_backend
from stacks.conditional_access import MfaPolicy
from stacks.groups import read_group
from stacks.latch import Latch
from stacks.role_assignments import GlobalAdministrator
from stacks.service_account import ServiceAccount
from steward.config.backends import required_engine
from steward.config.model import Tenant

SCRIPTS = Path("scripts")


class TenantStack(TerraformStack):
    """One tenant, one state; the stack's name is the tenant's.

    `scripts` is where our programs lie for who stands in the project's folder; an output names the next of them.
    """

    def __init__(self, scope: Construct, *, tenant: Tenant, scripts: Path = SCRIPTS) -> None:
        super().__init__(scope, tenant.name)
        engine = required_engine(tenant.backend.kind, tenant.backend.settings)
        self.add_override("terraform.required_version", engine)
        declare_backend(self, tenant)
        cloud = tenant.tenant.cloud
        AzureadProvider(
            self,
            "azuread",
            tenant_id=tenant.tenant.id,
            environment=cloud.environment,
            metadata_host=cloud.metadata_host,
        )
        break_glass = read_group(self, "break_glass", tenant.break_glass)
        latch = Latch(self, "latch", tenant=tenant)
        account = ServiceAccount(self, "service_account", tenant=tenant).user
        mfa = MfaPolicy(
            self,
            "conditional_access",
            tenant=tenant,
            account_object_id=account.object_id,
            break_glass_object_id=break_glass.object_id,
        ).policy
        application = AppRegistration(self, "app_registration", tenant=tenant)
        if tenant.grants_by_latch and tenant.account.sealed_on is None:
            GlobalAdministrator(
                self,
                "role_assignments",
                latch=latch,
                account_object_id=account.object_id,
                break_glass=break_glass,
                mfa_policy=mfa,
            )
        # Terraform prints outputs by name, so the next command comes last. None of them reads the role assignment.
        TerraformOutput(self, "account_object_id", value=account.object_id)
        TerraformOutput(self, "application_client_id", value=application.client_id)
        TerraformOutput(self, "mfa_policy_id", value=mfa.object_id)
        TerraformOutput(self, "next_command", value=next_command(tenant, scripts))


def next_command(tenant: Tenant, scripts: Path = SCRIPTS) -> str:
    """Return what to run after the deploy: the same for whoever plans, and before and after sealing."""
    file = Path(tenant.file.name) if tenant.file.is_absolute() else tenant.file
    return f"python {shlex.quote((scripts / 'post_apply.py').as_posix())} {shlex.quote(file.as_posix())}"
