"""Directories of type records. See :mod:`arora_core.types.record_files`."""

from .types.record_files import ROOT_FOLDER, load

__all__ = ["ROOT_FOLDER", "load"]
