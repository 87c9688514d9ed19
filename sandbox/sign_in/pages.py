"""The sign-in pages as HTML: plain forms, no script, everything escaped."""

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.sign_in.replies import Page, Redirect

_TEMPLATES = Path(__file__).with_name("templates")


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(page: Page, tenant_name: str) -> str:
    """Write a page."""
    context = {"fault": page.error, "dialogue": None, "tenant_name": tenant_name, **page.context}
    return _environment().get_template(page.template).render(context)


def render_form_post(redirect: Redirect, tenant_name: str) -> str:
    """Write the page whose form carries the answer back to the application; without script, a person sends it."""
    return render(Page("form_post.html", {"redirect": redirect}), tenant_name)
