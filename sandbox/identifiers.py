"""Identifiers in the shapes that Microsoft uses.

Seeded objects get ids that follow from the tenant and their name, so that a reset brings the same ids back;
objects made by requests get random ones. Assignments and grants have base64url ids without a slash, as in
Entra.
"""

import base64
import re
import uuid

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def new_id() -> str:
    """Make a random object id."""
    return str(uuid.uuid4())


def seeded_id(tenant_id: str, kind: str, name: str) -> str:
    """Derive the id of a seeded object from its tenant, kind and name."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), f"{kind}/{name}"))


def encoded_id(*ids: str, suffix: str = "") -> str:
    """Encode uuids as Entra does for assignments and grants: base64url of their bytes, without padding."""
    joined = b"".join(uuid.UUID(each).bytes_le for each in ids)
    return base64.urlsafe_b64encode(joined).decode().rstrip("=") + suffix


def is_uuid(text: object) -> bool:
    """Say whether a value is a uuid in its usual text form."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def canonical_id(text: str) -> str:
    """Write an object id as the directory keeps it; Graph takes one in any letter case."""
    return text.lower() if is_uuid(text) else text
