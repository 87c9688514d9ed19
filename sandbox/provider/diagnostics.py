"""What goes wrong, as Terraform shows it: a summary, a detail, and the argument at fault.

Every module raises ``Diagnosis``; the protocol module turns it into the protocol's diagnostics, in one place.
"""

from __future__ import annotations

from tf.gen import tfplugin_pb2 as pb

Path = tuple[str | int, ...]


class Diagnosis(Exception):  # noqa: N818  it is what the user is told, whatever raised it
    """An error for the user; ``detail`` may be another exception, whose text is shown under the summary."""

    def __init__(self, summary: str, detail: object = "", *, path: Path | str = ()) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = str(detail)
        self.path: Path = (path,) if isinstance(path, str) else path

    def to_protocol(self) -> pb.Diagnostic:
        """Return the diagnostic as every answer of the protocol may carry it."""
        return pb.Diagnostic(
            severity=pb.Diagnostic.ERROR,
            summary=self.summary,
            detail=self.detail,
            attribute=attribute_path(self.path) if self.path else None,
        )


def already_exists(summary: str, kind: str) -> Diagnosis:
    """Return the refusal to create what is there already; ``kind`` is the resource's type."""
    return Diagnosis(
        summary,
        "To be managed via Terraform, this resource needs to be imported into the State. Please see the resource "
        f'documentation for "{kind}" for more information.',
        path="id",
    )


def warning(summary: str, detail: str, path: Path) -> pb.Diagnostic:
    """Return a warning about one argument."""
    return pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail, attribute=attribute_path(path))


def attribute_path(path: Path) -> pb.AttributePath:
    """Return the protocol's form of a path of names and list positions."""
    step = pb.AttributePath.Step
    return pb.AttributePath(
        steps=[step(element_key_int=item) if isinstance(item, int) else step(attribute_name=item) for item in path]
    )
