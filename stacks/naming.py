"""Addresses in Terraform's plan: short, readable and stable, because people review them and scripts target them."""

from cdktf import TerraformElement


def address_as(element: TerraformElement, name: str) -> None:
    """Give `element` the address `<type>.<name>`, without the hash that nesting adds."""
    element.override_logical_id(name.rpartition(".")[2])
