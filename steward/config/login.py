"""What makes a login hard to guess, and a proposal for one.

Whoever sprays passwords starts with names that say what an account is for. So the part before the @ says neither the
vendor nor a role nor the company, and is not short.
"""

import re
import secrets
from collections.abc import Sequence

SHORTEST_LOCAL_PART = 8
_TELLING_WORDS = ("cira", "sync", "service", "svc", "admin", "test")
_SHORTEST_COMPANY_WORD = 3  # shorter pieces of a company's name are in half of all words

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"
_SYLLABLES = 3


def telling_words(local_part: str, *, tenant_name: str, domain: str) -> Sequence[str]:
    """Return the words in `local_part` that give away what the account is for or whose it is."""
    company = re.split(r"[^a-z0-9]+", f"{tenant_name}-{domain.partition('.')[0]}".lower())
    words = [*_TELLING_WORDS, *(word for word in dict.fromkeys(company) if len(word) >= _SHORTEST_COMPANY_WORD)]
    return [word for word in words if word in local_part.lower()]


def propose_login(tenant_name: str, domain: str) -> str:
    """Return a random login at `domain` that can be pronounced, looks like a person's, and gives nothing away."""
    while True:
        surname = "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(_SYLLABLES))
        local_part = f"{secrets.choice(_CONSONANTS)}.{surname}{secrets.choice(_CONSONANTS)}"
        if not telling_words(local_part, tenant_name=tenant_name, domain=domain):
            return f"{local_part}@{domain}"
