"""The C functions of arora-libwasmer. Importing this module loads the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_bool,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
    string_at,
)
from typing import Any, Final

import arora_libwasmer

from arora_core.errors import ExecutorUnavailable

STOP: Final = 1
"""The flag of code that stops when its stop word is not 0."""
FUEL: Final = 2
"""The flag of code that counts fuel."""
SINGLEPASS: Final = 4
"""The flag of code that Singlepass compiles, in a library that has it."""

PANICKED: Final = "panicked: "
"""What the reason of a panic begins with."""

IN_STEPS: Final = CFUNCTYPE(c_int, POINTER(c_uint64))
"""The type of the answer to any import: takes its raw arguments, which its result replaces. Returns 1; 0 to unwind."""
ASK_DISPATCH: Final = CFUNCTYPE(c_int64, c_uint32, c_uint32, c_uint32)
ASK_INDIRECT: Final = CFUNCTYPE(c_int64, c_uint64)
"""The types of answers to the two functions of the ABI. They return the size of the answer, which is in the guest's
buffer; its negative address if it is in the guest's memory already; 0 to unwind."""
REFUSE: Final = CFUNCTYPE(c_int, c_uint32, c_uint32)
"""The type of what raises because the guest's allocator returned such an address for so many bytes."""

NO_LIMIT: Final = 0xFFFF_FFFF
"""The pages of a memory without a limit."""
CALL_FAILED: Final = -1
EXCHANGE_FAILED: Final = -(1 << 63)


class _Text(Structure):
    _fields_ = [("at", c_void_p), ("size", c_size_t)]


class Settings(Structure):
    """How a guest is made."""

    _fields_ = [
        ("buffer", c_void_p),
        ("refuse", REFUSE),
        ("stack", c_size_t),
        ("pages", c_uint32),
        ("room", c_uint32),
    ]


class ImportAnswer(Structure):
    """How an import is answered. ``ask`` is what ``kind`` says: 1 :data:`ASK_DISPATCH`, 2 :data:`ASK_INDIRECT`."""

    _fields_ = [("kind", c_uint32), ("in_steps", IN_STEPS), ("ask", c_void_p)]


class Room(Structure):
    """Memory of a guest's that belongs to the host: where it is, how much fits, and where it ends."""

    _fields_ = [("at", c_uint32), ("capacity", c_uint32), ("end", c_uint32)]


class Described(Structure):
    """Where a guest's memory is, and how many bytes it has at this moment."""

    _fields_ = [("base", c_void_p), ("size", c_size_t)]


def _loaded() -> CDLL:
    reason, path = arora_libwasmer.unavailable(), arora_libwasmer.path()
    if path is None:
        raise ExecutorUnavailable(reason or "arora-libwasmer has no library")
    try:
        loaded = CDLL(str(path))
        abi = loaded.aw_abi()
    except (OSError, AttributeError) as error:
        raise ExecutorUnavailable(f"{path} cannot be loaded: {error}") from None
    if abi != arora_libwasmer.ABI:
        raise ExecutorUnavailable(f"{path} has version {abi} of its functions, expected {arora_libwasmer.ABI}")
    return loaded


_library: Final = _loaded()


def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    function = _library[name]
    function.restype = result
    if arguments:
        function.argtypes = arguments
    return function


_free_text: Final = _function("aw_text_free", None)
_compile: Final = _function("aw_compile", c_void_p, c_char_p, c_size_t, c_uint32, c_size_t, c_void_p)
_serialize: Final = _function("aw_serialize", c_bool, c_void_p, c_void_p, c_void_p)
_deserialize: Final = _function("aw_deserialize", c_void_p, c_char_p, c_size_t, c_void_p)
_new_guest: Final = _function("aw_guest_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
_start: Final = _function("aw_guest_start", c_int, c_void_p, c_void_p)
_entry: Final = _function("aw_entry", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_global: Final = _function("aw_global", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_beside: Final = _function("aw_beside", c_void_p, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_beside_run: Final = _function("aw_beside_run", c_int, c_void_p, c_void_p, c_size_t, c_void_p)
_beside_global: Final = _function("aw_beside_global", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_failure: Final = _function("aw_failure", c_int, c_void_p, c_void_p)
_memory: Final = _function("aw_memory", c_void_p, c_void_p)
free_compiled: Final = _function("aw_compiled_free", None, c_void_p)
free_guest: Final = _function("aw_guest_free", None, c_void_p)
install_handlers: Final = _function("aw_install_handlers", None)
leave: Final = _function("aw_leave", c_size_t)
"""Says that this thread ends the process: no other begins to answer an import after that. Returns how many do so."""
# Without types of arguments, which would be converted at each call.
call: Final = _function("aw_call", c_int64)
"""Takes an entry and an argument of 32 bits; returns the result, or CALL_FAILED."""
exchange: Final = _function("aw_exchange", c_int64)
"""Takes an entry, a room, an argument buffer and its size. Returns the size of the result, which is in the guest's
buffer; or -1 - its address; or EXCHANGE_FAILED."""

FLAGS: Final[int] = _function("aw_flags", c_uint32)()
"""The flags that the library knows."""
BUILD: Final[str] = (_function("aw_build", c_char_p)() or b"").decode()
"""What the library was built from; empty for one that was built by hand."""


class Refused(Exception):
    """The library has refused something; says why."""


def _taken(text: _Text) -> bytes:
    words = string_at(text.at, text.size) if text.at else b""
    _free_text(byref(text))
    return words


def _made(function: Callable[..., Any], *arguments: Any) -> int:
    """Return the pointer that ``function`` makes. Raise Refused."""
    error = _Text()
    made: int | None = function(*arguments, byref(error))
    if not made:
        raise Refused(_taken(error).decode("utf-8", "replace"))
    return made


def compile(executable: bytes, flags: int, threads: int) -> int:
    """Return a compiled module. Raise Refused."""
    return _made(_compile, executable, len(executable), flags, threads)


def deserialize(code: bytes) -> int:
    """Return the module of compiled code, which is run as it is. Raise Refused."""
    return _made(_deserialize, code, len(code))


def serialize(compiled: int) -> bytes:
    """Return the compiled code of a module. Raise Refused."""
    code = _Text()
    _made(_serialize, compiled, byref(code))
    return _taken(code)


def new_guest(compiled: int, settings: Settings, answers: Any) -> int:
    """Return a guest that has not been started. ``answers`` are an array, in the order of imports. Raise Refused."""
    return _made(_new_guest, compiled, byref(settings), byref(answers), len(answers))


def start(guest: int) -> bool:
    """Instantiate a guest; return whether that went well. Raise Refused for other reasons than its code."""
    error = _Text()
    outcome = _start(guest, byref(error))
    if outcome > 1:
        raise Refused(_taken(error).decode("utf-8", "replace"))
    return bool(outcome == 0)


def entry(guest: int, symbol: str) -> c_void_p:
    """Return an exported function to call. Raise Refused."""
    name = symbol.encode()
    return c_void_p(_made(_entry, guest, name, len(name)))


def variable(guest: int, symbol: str) -> int:
    """Return the address of an exported global's value. Raise Refused."""
    name = symbol.encode()
    return _made(_global, guest, name, len(name))


def beside(guest: int, compiled: int, symbol: str) -> int:
    """Return an instance beside a guest, for its function of this name. The guest owns it. Raise Refused."""
    name = symbol.encode()
    return _made(_beside, guest, compiled, name, len(name))


def run_beside(instance: int, numbers: Sequence[int]) -> int | None:
    """Call such an instance with numbers of 32 bits; return its result of 64, None for a call that failed."""
    result = c_int64()
    given = (c_uint32 * len(numbers))(*numbers)
    return None if _beside_run(instance, byref(given), len(numbers), byref(result)) else result.value


def beside_variable(instance: int, symbol: str) -> int:
    """Return the address of the value of a global that such an instance exports. Raise Refused."""
    name = symbol.encode()
    return _made(_beside_global, instance, name, len(name))


def memory(guest: int) -> Described:
    """Return what describes the guest's memory, for as long as the guest exists."""
    described: Described = Described.from_address(_memory(guest))
    return described


def failure(guest: int) -> tuple[int, list[str]]:
    """Return why the last call failed: a code, the message, and frames as index, zero byte and name."""
    words = _Text()
    code: int = _failure(guest, byref(words))
    return code, _taken(words).decode("utf-8", "replace").split("\n")
