"""The CDK for Terraform program: tenant files in, one synthesized stack a tenant out.

`cdktf synth`, `cdktf diff` and `cdktf deploy <tenant>` run it. Without arguments it takes every file of `tenants/`;
given files, it takes just those, so that a pipeline's tenant does not depend on another's file.
"""

import os
import sys
from pathlib import Path

from cdktf import App

from stacks.tenant import TenantStack
from steward.config.loader import find_tenant_files, load_tenants
from steward.errors import StewardError

TENANTS = Path("tenants")


def main(arguments: list[str]) -> int:
    """Synthesize the named tenant files, all of `tenants/` when none is named; return the exit code."""
    try:
        files = [Path(argument) for argument in arguments] or find_tenant_files(TENANTS)
        tenants = load_tenants(files)
    except StewardError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    # cdktf runs this in the folder of its cdktf.json, where its user stands too.
    scripts = Path(os.path.relpath(Path(__file__).resolve().parent / "scripts"))
    app = App()
    for tenant in tenants:
        TenantStack(app, tenant=tenant, scripts=scripts)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
