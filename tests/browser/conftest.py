"""Tenants for the consent in a browser, each with a Chromium of its own."""

from tests.life.conftest import make_tenancy

__all__ = ["make_tenancy"]
