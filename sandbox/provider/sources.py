"""Under which source addresses and version Terraform knows this provider: the real one's."""

from __future__ import annotations

from typing import Final

ADDRESS: Final = "registry.terraform.io/hashicorp/azuread"
# The same source address, as Terraform and as OpenTofu complete it.
ADDRESSES: Final = (ADDRESS, "registry.opentofu.org/hashicorp/azuread")
VERSION: Final = "3.7.0"
