"""The wire format (ABI §1): encoding values to bytes, and decoding them."""

from .codec import AroraCodec
from .decoding import decode, error_message
from .encoding import encode, encode_error
from .wire import MAX_DEPTH

__all__ = ["MAX_DEPTH", "AroraCodec", "decode", "encode", "encode_error", "error_message"]
