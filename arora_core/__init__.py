"""Run typed, sandboxed modules from Python: WebAssembly or native, on whichever runtime is installed."""

__version__ = "0.2.0"


def _read_stub() -> dict[str, str]:
    """Return the module of every public name, from the stub that type checkers read."""
    path = f"{__path__[0]}/__init__.pyi"
    homes = {}
    for line in __spec__.loader.get_data(path).decode().splitlines():  # type: ignore[union-attr]
        if line.startswith("from ."):
            _, module, _, _, _, name = line.split()
            homes[name] = module
    return homes


# A name's module is imported when the name is first used: a plugin needs ``hookimpl`` alone, a script ``values``.
_HOMES = _read_stub()

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    found: object = import_module(f".{name}", __name__) if home == "." else getattr(import_module(home, __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
