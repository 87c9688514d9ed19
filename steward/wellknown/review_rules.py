"""The ids of the review's rules, by which a tenant file makes an exception; they never change.

The rules themselves stand above tenant files, so that their ids stand here; a test compares the two.
"""

REVIEW_RULES = (
    "role_granted_with_its_latch",
    "role_granted_to_the_account_only",
    "role_waits_for_the_policy",
    "latch_stays_closed_in_a_pipeline",
    "latch_stays_with_the_account",
    "mfa_policy_in_force",
    "mfa_policy_covers_everything",
    "mfa_policy_excludes_break_glass_only",
    "policy_outlives_the_account",
    "account_enabled_by_scripts_only",
    "account_untouched_while_privileged",
    "password_is_no_literal",
    "stamp_stays",
    "permissions_as_declared",
    "owners_are_the_deployer",
    "redirects_are_exact",
    "app_roles_given_to_groups",
    "tenant_stays_the_same",
    "provider_stays_the_same",
    "only_what_stacks_declare",
    "plan_is_whole",
)
