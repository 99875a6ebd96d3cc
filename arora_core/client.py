"""What the Python files that ``arora generate`` and ``arora stubs`` write are made of. See docs/writing-a-module.md."""

from __future__ import annotations

from .binding.accepted_types import Floats as Floats
from .binding.accepted_types import Integers as Integers
from .binding.declared_classes import enumeration as enumeration
from .binding.declared_classes import structure as structure
from .binding.declared_functions import function as function
from .binding.declared_functions import parameter as parameter
from .binding.generated_classes import Variant as Variant
from .runtime.loaded_module import ModuleHandle as ModuleHandle
from .runtime.typed_host import register as register
from .runtime.typed_module import TypedModule as TypedModule
