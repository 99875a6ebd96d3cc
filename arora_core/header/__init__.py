"""Module headers, ``module.yaml``: their model, reading, writing and schema (ABI §7)."""

from ..version import Version
from .model import ExecutorRequirement, ExportedFunction, Header, ImportedFunction, ModuleDefinition, Parameter

__all__ = [
    "ExecutorRequirement",
    "ExportedFunction",
    "Header",
    "ImportedFunction",
    "ModuleDefinition",
    "Parameter",
    "Version",
]
