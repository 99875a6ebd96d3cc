"""The generator for C++: C++17 on ``arora.h``, without exceptions."""

from .generator import GENERATOR

__all__ = ["GENERATOR"]
