"""Templates laid out: HTML with everything escaped and nothing fetched, Markdown in which values stay text.

A page has one style sheet inside it, no script, and a policy that forbids its reader's browser to load anything.
"""

import base64
import html
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from steward.papers import words
from steward.papers.record import Mark, run_id_of
from steward.visible import in_one_line

_SPECIAL = re.compile(r"([\\`*_\[\]<>#&|~])")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("steward.papers"),
        # Markdown is no HTML, and has an escaping of its own: `md`.
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {
        "at": words.at,
        "breakable": breakable,
        "css_text": css_text,
        "capitalize_first": words.capitalize_first,
        "at_millisecond": words.at_millisecond,
        "day": words.day,
        "duration": words.duration,
        "md": as_markdown,
        "place": place,
        "run_id": run_id_of,
    }
    environment.globals |= {"count": words.count}
    return environment


def render_page(template: str, **values: Any) -> str:
    """Return a page in HTML; a value that a template names and nobody gives is an error."""
    return _environment().get_template(template).render(**values)


def render_text(template: str, **values: Any) -> str:
    """Return a page in Markdown; a template passes every value through `md`."""
    return _environment().get_template(template).render(**values)


def data_uri(content: bytes, kind: str) -> str:
    """Return a file's content as an address, so that the page needs no second file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def place(mark: Mark) -> Markup:
    """Return a link from a figure to the run that it comes from, with the line."""
    run, shown = in_one_line(run_id_of(mark.file)), in_one_line(mark.place)
    return Markup('<a class="place" href="#run-{run}">{shown}</a>').format(run=run, shown=shown)


def breakable(name: str) -> Markup:
    """Return a name that a narrow column may break after its underscores, and nowhere else."""
    return Markup("_<wbr>").join(in_one_line(name).split("_"))


def css_text(shown: str) -> Markup:
    """Return a text, as HTML has it, as the inside of a style sheet's string; no sign of it ends string or sheet."""
    is_safe = re.compile(r"[A-Za-z0-9 ]").fullmatch
    told = "".join(each if is_safe(each) else f"\\{ord(each):x} " for each in html.unescape(shown))
    return Markup("{}").format(told)


def as_markdown(value: object) -> str:
    """Return a value as text that no Markdown reader takes for anything else, in one line."""
    return _SPECIAL.sub(r"\\\1", in_one_line(str(value)).strip())


def _shown(value: object) -> object:
    """Spell out what cannot be seen in a value; markup of ours stays as it is."""
    return in_one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value
