"""An Azure Key Vault of a tenant: the secrets of its data plane, with the sign-in and the permissions that it asks for.

It answers at the server's own address, as the vault of the first tenant whose seed has one.
"""
