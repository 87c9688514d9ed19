"""Global Administrator for the account, only while the latch says so and only behind the MFA policy.

The break-glass check and the window's end are preconditions of the assignment itself: they can refuse to grant, and
they cannot stop a plan that takes the role away.
"""

from cdktf import Fn, Op, Precondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_azuread.conditional_access_policy import ConditionalAccessPolicy
from cdktf_cdktf_provider_azuread.data_azuread_group import DataAzureadGroup
from cdktf_cdktf_provider_azuread.directory_role_assignment import DirectoryRoleAssignment
from constructs import Construct

from stacks.latch import Latch
from stacks.naming import address_as
from steward.wellknown.latch import ROLE_ASSIGNMENT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR


class GlobalAdministrator(Construct):
    """`azuread_directory_role_assignment.global_administrator`, none or one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        latch: Latch,
        account_object_id: str,
        break_glass: DataAzureadGroup,
        mfa_policy: ConditionalAccessPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        assignment = DirectoryRoleAssignment(
            self,
            "global_administrator",
            role_id=GLOBAL_ADMINISTRATOR,
            principal_object_id=account_object_id,
            count=latch.count_while_privileged(),
            depends_on=[mfa_policy],
            lifecycle=TerraformResourceLifecycle(
                precondition=[
                    Precondition(
                        condition=Op.gte(Fn.length_of(break_glass.members), 1),
                        error_message="The break-glass group has no member: nobody could repair the tenant if the MFA "
                        "policy were wrong. Put an emergency account into it and plan again.",
                    ),
                    latch.require_open_window(),
                ]
            ),
        )
        address_as(assignment, ROLE_ASSIGNMENT)
