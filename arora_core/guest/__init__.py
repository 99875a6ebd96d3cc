"""What a module in Python is made of inside its component, beside what its author wrote. See docs/python-modules.md.

``arora generate --language python-module`` writes files that import from here. Nothing here needs more than the
standard library.
"""

from ..binding.accepted_types import Floats as Floats
from ..binding.accepted_types import Integers as Integers
from ..binding.declared_classes import enumeration as enumeration
from ..binding.declared_classes import structure as structure
from ..binding.declared_functions import function as function
from ..binding.declared_functions import parameter as parameter
from ..binding.generated_classes import Variant as Variant
from .exports import Exports as Exports
from .host import call_indirect as call_indirect
from .imported import Imported as Imported
