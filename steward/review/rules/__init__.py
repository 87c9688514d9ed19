"""The rules of the review, in the order in which they are listed; the order of findings is by severity."""

from types import MappingProxyType

from steward.review.rule import Rule
from steward.review.rules import (
    account_enabled_by_scripts_only,
    account_untouched_while_privileged,
    app_roles_given_to_groups,
    latch_stays_closed_in_a_pipeline,
    latch_stays_with_the_account,
    mfa_policy_covers_everything,
    mfa_policy_excludes_break_glass_only,
    mfa_policy_in_force,
    only_what_stacks_declare,
    owners_are_the_deployer,
    password_is_no_literal,
    permissions_as_declared,
    plan_is_whole,
    policy_outlives_the_account,
    provider_stays_the_same,
    redirects_are_exact,
    role_granted_to_the_account_only,
    role_granted_with_its_latch,
    role_waits_for_the_policy,
    stamp_stays,
    tenant_stays_the_same,
)

RULES: tuple[Rule, ...] = (
    role_granted_with_its_latch.RULE,
    role_granted_to_the_account_only.RULE,
    role_waits_for_the_policy.RULE,
    latch_stays_closed_in_a_pipeline.RULE,
    latch_stays_with_the_account.RULE,
    mfa_policy_in_force.RULE,
    mfa_policy_covers_everything.RULE,
    mfa_policy_excludes_break_glass_only.RULE,
    policy_outlives_the_account.RULE,
    account_enabled_by_scripts_only.RULE,
    account_untouched_while_privileged.RULE,
    password_is_no_literal.RULE,
    stamp_stays.RULE,
    permissions_as_declared.RULE,
    owners_are_the_deployer.RULE,
    redirects_are_exact.RULE,
    app_roles_given_to_groups.RULE,
    tenant_stays_the_same.RULE,
    provider_stays_the_same.RULE,
    only_what_stacks_declare.RULE,
    plan_is_whole.RULE,
)

RULES_BY_ID = MappingProxyType({rule.id: rule for rule in RULES})
