"""The engine, and the objects it returns: loaded modules, functions, host modules."""
