"""Puts the library into wheels. Without a compiler the wheel is made without it, for any platform."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import compiling
import crates

sys.path.pop(0)


class LibraryHook(BuildHookInterface[Any]):
    """Compiles the library before a wheel is built."""

    def dependencies(self) -> list[str]:
        """Return what has to be installed for it."""
        return [compiling.ZIG] if compiling.oldest_glibc() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library to the wheel, or to the sources where those are installed themselves."""
        root = Path(self.root)
        package = root / "arora_libwasmer"
        try:
            library = compiling.library(root, self.app.display_info)
        except compiling.CannotCompile as reason:
            (package / compiling.NAME).unlink(missing_ok=True)
            self.app.display_warning(f"made without the library: {reason}")
            return
        if version == "editable":
            compiling.install(library, package)
        else:
            build_data["force_include"][str(library)] = f"arora_libwasmer/{compiling.NAME}"
            # What a library that was given is made of is not known.
            if (bill := library.with_name(crates.BILL)).exists():
                build_data["sbom_files"].append(str(bill))
            if (licences := library.with_name(crates.LICENCES)).exists():
                build_data["force_include"][str(licences)] = f"arora_libwasmer/{crates.LICENCES}"
        build_data["pure_python"] = False
        # It is loaded by ctypes, so that any interpreter will do.
        build_data["tag"] = f"py3-none-{compiling.wheel_platform()}"
