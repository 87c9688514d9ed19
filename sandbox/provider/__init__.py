"""The rehearsal provider: a stand-in for hashicorp/azuread where the real one cannot be had.

Terraform starts it from a private filesystem mirror (``mirror``) and meets the real provider's schema, plans and
requests to Microsoft Graph, without the real one's waits. It refuses to be configured against anything but a sandbox
on loopback, and imports nothing else of the project, because it is a process of its own that must start fast.
"""
