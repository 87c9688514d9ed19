"""MFA for the account, in force before anything else happens to it.

The policy covers the account for all resources and all client types, legacy ones included, and leaves the break-glass
group out, so that a mistake in it cannot lock the tenant.
"""

from cdktf_cdktf_provider_azuread.conditional_access_policy import (
    ConditionalAccessPolicy,
    ConditionalAccessPolicyConditions,
    ConditionalAccessPolicyConditionsApplications,
    ConditionalAccessPolicyConditionsUsers,
    ConditionalAccessPolicyGrantControls,
)
from constructs import Construct

from stacks.naming import address_as
from steward.config.model import Mfa, Tenant
from steward.wellknown.stack import MFA_POLICY, mfa_policy_name


class MfaPolicy(Construct):
    """`azuread_conditional_access_policy.mfa_for_service_account`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tenant: Tenant,
        account_object_id: str,
        break_glass_object_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.policy = ConditionalAccessPolicy(
            self,
            "mfa",
            display_name=mfa_policy_name(tenant.account.login),
            state="enabled",
            conditions=ConditionalAccessPolicyConditions(
                client_app_types=["all"],
                applications=ConditionalAccessPolicyConditionsApplications(included_applications=["All"]),
                users=ConditionalAccessPolicyConditionsUsers(
                    included_users=[account_object_id], excluded_groups=[break_glass_object_id]
                ),
            ),
            grant_controls=grant_controls(tenant.mfa),
        )
        address_as(self.policy, MFA_POLICY)


def grant_controls(mfa: Mfa) -> ConditionalAccessPolicyGrantControls:
    """Return the control for any strong method, or for the strength that the file names; a policy takes only one."""
    if mfa.strength_id is None:
        return ConditionalAccessPolicyGrantControls(operator="OR", built_in_controls=["mfa"])
    return ConditionalAccessPolicyGrantControls(
        operator="OR",
        authentication_strength_policy_id=f"/policies/authenticationStrengthPolicies/{mfa.strength_id}",
    )
