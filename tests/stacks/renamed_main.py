"""The CDK program as it stands, run with the modules of CDK Terrain under the names of CDK for Terraform's.

Arguments: `cdktf` or `cdktn`, whose modules to run with, and the tenant files. Run by a test as a program of its own,
because one process holds one generation of these modules.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

SUCCESSORS = {"cdktf": "cdktn", "cdktf_cdktf_provider_azuread": "cdktn_provider_azuread"}


class Renamed(MetaPathFinder, Loader):
    """Finds the successor's module under the old name."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  the import system's signature
        target: ModuleType | None = None,  # noqa: ARG002  the import system's signature
    ) -> ModuleSpec | None:
        """Answer for the old names and all below them."""
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] in SUCCESSORS else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Load the module of the other name."""
        package, dot, rest = spec.name.partition(".")
        return importlib.import_module(SUCCESSORS[package] + dot + rest)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module has been run under its own name."""


if __name__ == "__main__":
    if sys.argv[1] == "cdktn":
        sys.meta_path.insert(0, Renamed())
    main = importlib.import_module("main").main
    sys.exit(main(sys.argv[2:]))
