"""Directories of type records. See :mod:`arora_core.types.record_files` and :mod:`arora_core.types.record_text`."""

from .types.record_files import ROOT_FOLDER, load
from .types.record_text import texts

__all__ = ["ROOT_FOLDER", "load", "texts"]
