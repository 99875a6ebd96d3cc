"""All mutants: importing this registers them."""

from __future__ import annotations

from . import (  # noqa: F401 - they register mutants
    mutants_batch,
    mutants_bytes,
    mutants_calls,
    mutants_failures,
    mutants_hosts,
    mutants_interruption,
    mutants_keeping,
    mutants_lives,
    mutants_loading,
    mutants_memory,
    mutants_rare,
    mutants_rare_leaks,
    mutants_results,
)
from .faults import FAULTS, MUTANTS

__all__ = ["FAULTS", "MUTANTS"]
