"""Addresses in Terraform's plan: short, readable and stable, because people review them and scripts target them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from cdktf import TerraformElement


def address_as(element: TerraformElement, name: str) -> None:
    """Give `element` the address `<type>.<name>`, without the hash that nesting adds."""
    element.override_logical_id(name)


def slug(text: str) -> str:
    """Return `text` as a Terraform name: lower case, words joined by underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if name[:1].isalpha() else f"n_{name}"


def distinct_slugs(texts: Iterable[str]) -> dict[str, str]:
    """Return a slug for each text; texts that would share one get a few digits of their hash as well."""
    labels = sorted(set(texts))
    times = Counter(slug(label) for label in labels)
    return {
        label: slug(label)
        if times[slug(label)] == 1
        else f"{slug(label)}_{hashlib.sha256(label.encode()).hexdigest()[:6]}"
        for label in labels
    }
