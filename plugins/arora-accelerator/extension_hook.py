"""Compiles the extension module for wheels. Without a C compiler the wheel is made without it, for any platform."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULE = "arora_accelerator._call"
SOURCE = "arora_accelerator/_call.c"


class ExtensionHook(BuildHookInterface[Any]):
    """Compiles the extension module before a wheel is built."""

    def dependencies(self) -> list[str]:
        """Return what has to be installed for it."""
        return ["setuptools>=77"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the extension module to the wheel, or to the sources where those are installed themselves."""
        root = Path(self.root)
        try:
            compiled = self._compiled(root)
        except Exception as error:
            self.app.display_warning(f"made without compiled code: {error}")
            return
        if version == "editable":
            _replace(root / "arora_accelerator" / compiled.name, compiled)
        else:
            build_data["force_include"][str(compiled)] = f"arora_accelerator/{compiled.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _compiled(self, root: Path) -> Path:
        from setuptools import Distribution, Extension
        from setuptools.command.build_ext import build_ext

        self._directory = tempfile.TemporaryDirectory()
        options = [] if sys.platform == "win32" else ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
        extension = Extension(MODULE, [str(root / SOURCE)], extra_compile_args=options)
        command = build_ext(Distribution({"ext_modules": [extension]}))
        command.build_lib = command.build_temp = self._directory.name
        command.ensure_finalized()
        command.run()
        return Path(command.get_ext_fullpath(MODULE))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete what was compiled, which the wheel has now."""
        if hasattr(self, "_directory"):
            self._directory.cleanup()


def _replace(old: Path, new: Path) -> None:
    """Put a file in the place of one that processes may have loaded."""
    beside = old.with_suffix(f".{os.getpid()}")
    shutil.copyfile(new, beside)
    beside.replace(old)
