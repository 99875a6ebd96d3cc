"""The generator for Python: a client with types, made of a module's header."""

from .generator import GENERATOR as GENERATOR
from .generator import StubGenerator as StubGenerator
