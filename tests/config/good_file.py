"""The one good tenant file of these tests, and its mutations."""

from pathlib import Path

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def mutate(old: str, new: str, *, text: str = GOOD) -> str:
    """Return the good file with `old`, which stands in it once, replaced."""
    if text.count(old) != 1:
        raise ValueError(f"{old!r} stands {text.count(old)} times in the file")
    return text.replace(old, new)


def write_tenant_file(folder: Path, text: str = GOOD, *, name: str = "contoso.yaml") -> Path:
    """Write a tenant file into a `tenants` folder below `folder`, as a project has it."""
    tenants = folder / "project" / "tenants"
    tenants.mkdir(parents=True, exist_ok=True)
    file = tenants / name
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return file
