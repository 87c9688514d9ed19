"""Proposed logins: pronounceable, random, and never refused by the rule that asked for them."""

import re
from pathlib import Path

import pytest

from steward.config.loader import load_tenant
from steward.config.login import propose_login, telling_words
from steward.config.problem import TenantFileError
from tests.config.good_file import mutate, write_tenant_file


@pytest.mark.parametrize(
    ("tenant_name", "domain"),
    [
        ("contoso", "contoso.com"),
        ("b", "x.example.com"),
        ("banana-lima", "nasa.onmicrosoft.com"),
        ("aaa", "eee-iii.example"),
    ],
)
def test_proposal_gives_nothing_away_whatever_the_company_is_called(tenant_name: str, domain: str) -> None:
    for _ in range(200):
        local_part, at, proposed_domain = propose_login(tenant_name, domain).partition("@")
        assert (at, proposed_domain) == ("@", domain)
        assert re.fullmatch(r"[a-z]\.([bdfgklmnprstvz][aeiou]){3}[bdfgklmnprstvz]", local_part)
        assert telling_words(local_part, tenant_name=tenant_name, domain=domain) == []


def test_proposal_in_an_error_is_taken_when_it_is_followed(tmp_path: Path) -> None:
    with pytest.raises(TenantFileError) as caught:
        load_tenant(write_tenant_file(tmp_path, mutate("j.keller@contoso.com", "cirasync@contoso.com")))

    match = re.search(r"such as (\S+@contoso\.com)", str(caught.value))
    assert match
    assert load_tenant(write_tenant_file(tmp_path, mutate("j.keller@contoso.com", match[1]))).account.login == match[1]


def test_proposals_differ() -> None:
    assert len({propose_login("contoso", "contoso.com") for _ in range(50)}) > 45


@pytest.mark.parametrize("local_part", ["cirasync", "j.sync.keller", "svc-keller", "administrator", "contoso-mail"])
def test_telling_login_is_recognised(local_part: str) -> None:
    assert telling_words(local_part, tenant_name="contoso", domain="contoso.com")


def test_short_pieces_of_a_companys_name_do_not_count() -> None:
    assert telling_words("j.kellermann", tenant_name="el-ma", domain="an.example.com") == []
