"""Keeps one comment on a pull request: found again by its hidden marker and its author, and written only if it differs.

Two jobs at once leave one comment: whoever finds more than one afterwards keeps the oldest and deletes the others.
"""

from collections.abc import Iterable
from enum import StrEnum
from http import HTTPStatus

from github import UnknownObjectException
from github.IssueComment import IssueComment
from github.Repository import Repository

from steward.errors import ConfigError

# "Maximum is 65536 characters", GitHub's answer to a longer one; characters beyond the basic plane may count twice.
LONGEST = 65_000
_CUT = "\n\n**Cut here: the comment was longer than GitHub takes. The job's summary has all of it.**\n"


class Posted(StrEnum):
    """What became of the comment."""

    POSTED = "posted"
    UPDATED = "updated"
    ALREADY = "already"
    UNWANTED = "none there, and none needed"


def keep_comment(
    repository: Repository, number: int, body: str, *, marker: str, author: str, is_needed: bool = True
) -> Posted:
    """Bring the comment of a pull request to `body`, which begins with the marker.

    `author` is the login that the token writes as: a comment of anybody else with the marker is left alone. One that is
    not needed is not posted; but one that is there never keeps saying what is true no more.
    """
    if not body.startswith(marker):
        raise ConfigError(
            "the comment does not begin with its marker",
            why="it could not be found again, and would be posted anew each time",
            next_move="give the file that review_plan.py --comment has written",
        )
    text = fit(body)
    issue = repository.get_issue(number)
    ours = _find(issue.get_comments(), marker, author)
    if not ours and not is_needed:
        done = Posted.UNWANTED
    elif not ours:
        issue.create_comment(text)
        done = Posted.POSTED
    elif _is_same(ours[0].body, text):
        done = Posted.ALREADY
    else:
        ours[0].edit(text)
        done = Posted.UPDATED
    if done is Posted.POSTED or len(ours) > 1:
        _leave_one(_find(issue.get_comments(), marker, author), text)
    return done


def fit(body: str) -> str:
    """Return the body as far as GitHub takes it, cut at a line, with what was opened closed."""
    if _length(body) <= LONGEST:
        return body
    kept: list[str] = []
    room = LONGEST - _length(_CUT) - len("</details>\n")
    for line in body.splitlines():
        room -= _length(line) + 1
        if room < 0:
            break
        kept.append(line)
    text = "\n".join(kept)
    is_open = text.count("<details>") > text.count("</details>")
    return text + ("\n\n</details>" if is_open else "") + _CUT


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _find(comments: Iterable[IssueComment], marker: str, author: str) -> list[IssueComment]:
    found = [each for each in comments if each.body.startswith(marker) and each.user.login == author]
    return sorted(found, key=lambda each: each.id)


def _leave_one(ours: list[IssueComment], text: str) -> None:
    if len(ours) > 1 and not _is_same(ours[0].body, text):
        ours[0].edit(text)
    for each in ours[1:]:
        try:
            each.delete()
        except UnknownObjectException as error:
            # The other job was quicker.
            if error.status != HTTPStatus.NOT_FOUND:
                raise


def _is_same(one: str, other: str) -> bool:
    """Compare as GitHub keeps a text: it may change line ends, and takes blanks off both ends."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
