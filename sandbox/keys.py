"""The keys and certificates of one server: what its tokens are signed with, and what it shows to TLS clients."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Self

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@dataclass(frozen=True)
class ServerKeys:
    """Each as PEM text: the authority that clients trust, the server's key with its certificates, the tokens' key."""

    ca_certificate: str
    server_certificate: str = field(repr=False)
    token_key: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make keys that nobody has used."""
        authority = trustme.CA(organization_name="Sandbox tenant")
        leaf = authority.issue_cert("localhost", "127.0.0.1")
        token_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = token_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return cls(
            authority.cert_pem.bytes().decode(), leaf.private_key_and_cert_chain_pem.bytes().decode(), pem.decode()
        )

    @classmethod
    def saved(cls, value: Callable[[str], str | None]) -> Self | None:
        """Read the keys back by their names, None when they were never saved."""
        found = {each.name: value(each.name) for each in fields(cls)}
        return cls(**{name: text for name, text in found.items() if text}) if all(found.values()) else None

    def as_texts(self) -> dict[str, str]:
        """Name each key for saving."""
        return asdict(self)
