"""The dedicated account: cloud-only, stamped, and disabled until a script has replaced its throw-away password.

Terraform's state knows the password that the account is created with, so that password must never sign anybody in:
the account starts disabled, and the password is replaced before it is ever enabled.
"""

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_azuread.user import User
from constructs import Construct

from stacks.naming import address_as
from steward.config.model import Tenant
from steward.wellknown.account import STAMP
from steward.wellknown.stack import ACCOUNT


class ServiceAccount(Construct):
    """`azuread_user.service_account`."""

    def __init__(self, scope: Construct, construct_id: str, *, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        account = tenant.account
        self.user = User(
            self,
            "service_account",
            user_principal_name=account.login,
            display_name=account.display_name,
            mail_nickname=account.login.partition("@")[0],
            usage_location=account.usage_location,
            employee_type=STAMP,
            show_in_address_list=False,
            account_enabled=False,
            password=f"Aa1!{Fn.uuid()}",
            # Both belong to the scripts from the first apply on; Terraform would otherwise undo what they did.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["password", "account_enabled"]),
        )
        address_as(self.user, ACCOUNT)
