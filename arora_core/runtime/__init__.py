"""The engine and what it hands out: loaded modules, functions, host modules."""
