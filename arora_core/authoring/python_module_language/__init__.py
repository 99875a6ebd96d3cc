"""The generator for modules written in Python: what the class of the module's author is written against."""

from .generator import GENERATOR as GENERATOR
