"""Typed calls of :mod:`arora_core` in compiled code.

Nothing here is for programs. Where this package is installed, ``arora_core`` makes calls through it.
"""

from ._call import Call

__all__ = ["Call"]
