"""The generator for C: C11 on ``arora.h``, without a libc."""

from .generator import GENERATOR

__all__ = ["GENERATOR"]
