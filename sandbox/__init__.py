"""A strict Entra tenant on loopback, met over HTTPS only.

It serves the metadata document, token endpoint and Microsoft Graph resources that the azuread provider,
azure-identity and msgraph-sdk use, from one in-memory directory. Scripts and tests start it with
`sandbox.server.start`, or as a process with `python -m sandbox`; nothing of the product's own library is
imported here, so that a wrong constant on either side shows.
"""
