"""The kinds of text that a tenant file is made of, each with its form and what is said when the form is missed.

`document` builds its models from these. A form that one value alone can fail is checked here; what depends on several
keys is checked in `rules`. Messages carry what, why and next through the context of a pydantic error.
"""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from steward.config.problem import choose, nearest, shown
from steward.config.refusal import refuse
from steward.wellknown.review_rules import REVIEW_RULES

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LOCAL_PART = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
_TERRAFORM_TEMPLATE = re.compile(r"[$%]\{")


def check_text(value: str) -> str:
    """Return `value` if it is one line of text that Terraform takes as it stands; refuse it otherwise."""
    if not value.strip():
        raise refuse("is empty", next_move="write a value, or leave an optional key out")
    if not value.isprintable():
        raise refuse("holds a line break or another character that cannot be printed", next_move="write it on one line")
    if value != value.strip():
        raise refuse("has a space at its beginning or end", next_move=f"write {shown(value.strip())!r}")
    if _TERRAFORM_TEMPLATE.search(value):
        raise refuse(
            "holds ${ or %{",
            why="Terraform would evaluate what follows instead of taking the text as it stands",
            next_move="leave the brace out",
        )
    return value


def _check_guid(value: str) -> str:
    guid = value.lower()
    if not _GUID.fullmatch(guid):
        raise refuse(
            f"{shown(value)!r} is no id",
            why="an id has 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12",
            next_move="copy the id from the Entra admin center",
        )
    if set(guid) <= {"0", "-"}:
        raise refuse("is the id of nothing, all zeros", next_move="copy the id from the Entra admin center")
    return guid


def _check_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", value):
        raise refuse(
            f"{shown(value)!r} cannot be a tenant's name",
            why="it names a stack and folders: up to 40 lower-case letters, digits and hyphens, none at an end",
            next_move=f"write {_as_name(value)!r}" if _as_name(value) else "write a name such as 'contoso'",
        )
    return value


def _as_name(value: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", value.lower())[:40].strip("-")


def _check_login(value: str) -> str:
    local, at, domain = value.partition("@")
    if not at or not local or not domain or "@" in domain:
        raise refuse(
            f"{shown(value)!r} is no login",
            why="a login is a user principal name, local part and domain",
            next_move="write it as local@domain, such as 'j.keller@contoso.com'",
        )
    if value != value.lower():
        raise refuse("has upper-case letters", next_move=f"write {shown(value.lower())!r}")
    if not _LOCAL_PART.fullmatch(local) or ".." in local:
        raise refuse(
            f"{shown(local)!r} cannot stand before the @",
            why="letters a to z, digits, and between them single dots, hyphens and underscores; at most 64 in all",
        )
    if not _DOMAIN.fullmatch(domain):
        raise refuse(
            f"{shown(domain)!r} is no domain",
            why="a domain is labels of letters a to z, digits and hyphens with dots between",
            next_move="name a domain that the tenant has verified, such as 'contoso.com'",
        )
    return value


def _check_usage_location(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        likely = value.upper() if re.fullmatch(r"[A-Za-z]{2}", value) else "US"
        raise refuse(
            f"{shown(value)!r} is no country code",
            why="licences are assigned by two-letter country codes of ISO 3166 in capitals",
            next_move=f"write {likely!r}" if likely != "US" else "write a code such as 'US'",
        )
    return value


def _check_licence(value: str) -> str:
    if _GUID.fullmatch(value.lower()):
        raise refuse(
            "is an id",
            why="licences are named by part number, which people can read",
            next_move="write the part number, such as 'EXCHANGESTANDARD'",
        )
    return value


def _check_group_name(value: str) -> str:
    if "'" in value:
        raise refuse(
            "holds an apostrophe",
            why="the azuread provider looks groups up by a filter in which an apostrophe ends the name",
            next_move="give the group by its id: group_id",
        )
    return value


def _check_role(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", value):
        raise refuse(
            f"{shown(value)!r} cannot name a role",
            why="letters a to z, digits, spaces, dots, hyphens and underscores can stand in an app role",
        )
    return value


_OWNER_AND_NAME = (
    r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(?P<of_owner>@[0-9]+)?/"
    r"(?!\.{1,2}(@|$))[A-Za-z0-9._-]{1,100}(?P<of_name>@[0-9]+)?"
)


def _check_repository(value: str) -> str:
    parts = re.fullmatch(_OWNER_AND_NAME, value)
    if parts is None or (parts["of_owner"] is None) != (parts["of_name"] is None):
        raise refuse(
            f"{shown(value)!r} is no repository",
            why="Entra ID compares the subject of a workflow's token letter by letter, and it begins with the "
            "repository: owner/name, or owner@id/name@id where GitHub makes subjects immutable",
            next_move="write it as 'contoso/steward', spelt as GitHub spells it",
        )
    return value


def _check_environment(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise refuse(
            f"{shown(value)!r} cannot name an environment here",
            why="letters a to z, digits, dots, hyphens and underscores reach the token's subject as they are",
            next_move="write a name such as 'production'",
        )
    return value


def _check_branch(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", value):
        raise refuse(
            f"{shown(value)!r} is no branch",
            why="a single branch is trusted, by its name and without a wildcard",
            next_move="write its name without refs/heads/, such as 'main'",
        )
    if value.startswith("refs/"):
        raise refuse(
            f"{shown(value)!r} begins with refs/",
            why="it would be doubled in the token's subject",
            next_move=f"write {shown(value.removeprefix('refs/heads/'))!r}",
        )
    return value


def _check_secret_prefix(value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,78}[a-zA-Z0-9])?", value):
        raise refuse(
            f"{shown(value)!r} cannot begin a secret's name",
            why="a key vault takes letters a to z, digits and hyphens; at most 80 here, since the tenant's id follows",
            next_move="write a prefix such as 'account'",
        )
    return value


def _check_folder(value: str) -> str:
    if any(len(part) > 255 for part in value.split("/")) or len(value) > 1024:  # noqa: PLR2004  # limits of file systems
        raise refuse("is too long for a path")
    return value


def _read_date(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value
        except ValueError:
            return value
    return value


def _check_review_rule(value: str) -> str:
    if value not in REVIEW_RULES:
        near = nearest(value, REVIEW_RULES)
        raise refuse(
            f"{shown(value)!r} is no rule of the review",
            why="an exception names the rule as the comment does",
            next_move=f"did you mean {choose(near)}?" if near else "take the rule's id from docs/review.md",
        )
    return value


def _pattern(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


_GUID_PATTERN = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

Text = Annotated[str, AfterValidator(check_text), Field(max_length=256), _pattern("^\\S(.*\\S)?$")]
Guid = Annotated[str, AfterValidator(_check_guid), _pattern(_GUID_PATTERN)]
TenantName = Annotated[str, AfterValidator(_check_name), _pattern("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
Login = Annotated[str, AfterValidator(_check_login), _pattern("^[a-z0-9._-]+@[a-z0-9.-]+$")]
UsageLocation = Annotated[str, AfterValidator(_check_usage_location), _pattern("^[A-Z]{2}$")]
Licence = Annotated[Text, AfterValidator(_check_licence)]
GroupName = Annotated[Text, AfterValidator(_check_group_name)]
RoleName = Annotated[Text, AfterValidator(_check_role), Field(max_length=100)]
Folder = Annotated[str, AfterValidator(check_text), AfterValidator(_check_folder)]
Repository = Annotated[
    Text, AfterValidator(_check_repository), _pattern("^[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$")
]
EnvironmentName = Annotated[Text, AfterValidator(_check_environment), _pattern("^[A-Za-z0-9][A-Za-z0-9._-]*$")]
BranchName = Annotated[Text, AfterValidator(_check_branch), _pattern("^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
SecretPrefix = Annotated[
    str, AfterValidator(_check_secret_prefix), _pattern("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,78}[a-zA-Z0-9])?$")
]
ReviewRule = Annotated[str, AfterValidator(_check_review_rule), Field(json_schema_extra={"enum": list(REVIEW_RULES)})]
Day = Annotated[date, BeforeValidator(_read_date)]
