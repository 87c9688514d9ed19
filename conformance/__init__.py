"""Recorded Terraform cases, played again and compared.

A recording says what the real azuread provider did, step by step: requests, plans, states, diagnostics. Here a case is
played against a sandbox with any provider that a mirror holds, what is seen is put in the recording's symbols, and each
difference is named. Used by tests only.
"""
