"""The built-in authentication strengths, whose ids are the same in every tenant.

https://learn.microsoft.com/entra/identity/authentication/concept-authentication-strengths
"""

from types import MappingProxyType

MULTIFACTOR = "00000000-0000-0000-0000-000000000002"
PASSWORDLESS = "00000000-0000-0000-0000-000000000003"
PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"

BUILT_IN_STRENGTHS = MappingProxyType(
    {
        "Multifactor authentication": MULTIFACTOR,
        "Passwordless MFA": PASSWORDLESS,
        "Phishing-resistant MFA": PHISHING_RESISTANT,
    }
)

# The other two leave the pass out of their combinations, so nobody enrols a second factor under them with one.
STRENGTHS_WITH_TEMPORARY_ACCESS_PASS = frozenset({MULTIFACTOR})

# What Graph calls a one-time pass among a strength's combinations.
ENROLMENT_COMBINATION = "temporaryAccessPassOneTime"
