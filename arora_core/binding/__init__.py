"""Conversion between plain Python objects and values, by the declared types of a function."""
