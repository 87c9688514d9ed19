"""What the numbers of the sign-in log mean, in words that stand behind "it was refused:" or "the log says:".

They are those of "Microsoft Entra authentication and authorization error codes", learn.microsoft.com, read November
2026, and of the messages that Temporary Access Passes are refused with. Whoever waits is told them, and papers show
them.
"""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[int, str] = MappingProxyType(
    {
        50053: "the account is locked for a while after too many wrong tries",
        50057: "the account is disabled",
        50105: "the account is not assigned to the application",
        50126: "a password was typed instead of the pass, or a wrong one",
        53000: "a conditional access policy wants a device that complies",
        53001: "a conditional access policy wants a device of the domain",
        53003: "a conditional access policy blocks the sign-in",
        53004: "the sign-in is too risky to enrol a second factor in",
        65004: "the consent was declined",
        90094: "whoever signed in may not consent for the tenant",
        130501: "the pass was used up already, or the policy of the tenant does not take it",
        130504: "the pass has expired",
        130507: "the pass was mistyped",
    }
)
# Pages that a sign-in is stopped at on its way, and refused nothing; the log keeps them as entries of their own.
INTERRUPTIONS: Mapping[int, str] = MappingProxyType(
    {
        50055: "the page for an expired password",
        50058: "the page that asks who signs in",
        50072: "the page that enrols a second factor",
        50074: "the page that asks for a second factor",
        50076: "the page that asks for a second factor",
        50079: "the page that enrols a second factor",
        65001: "the page of the consent",
    }
)
