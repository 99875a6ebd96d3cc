"""The public names of the package, each with the module it comes from. ``__init__.py`` reads this file as well."""

from . import buffers as buffers
from . import text as text
from . import values as values
from .calls import Call as Call
from .calls import CallResult as CallResult
from .calls import Result as Result
from .codec import Codec as Codec
from .errors import ArgumentError as ArgumentError
from .errors import AroraError as AroraError
from .errors import CallError as CallError
from .errors import EngineClosed as EngineClosed
from .errors import ExecutorNotFound as ExecutorNotFound
from .errors import ExecutorUnavailable as ExecutorUnavailable
from .errors import FunctionNotFound as FunctionNotFound
from .errors import GuestError as GuestError
from .errors import HeaderError as HeaderError
from .errors import LimitExceeded as LimitExceeded
from .errors import LoadError as LoadError
from .errors import MalformedBuffer as MalformedBuffer
from .errors import MalformedExecutable as MalformedExecutable
from .errors import MissingExport as MissingExport
from .errors import ModuleBusy as ModuleBusy
from .errors import ModuleNotFound as ModuleNotFound
from .errors import PluginError as PluginError
from .errors import Trap as Trap
from .errors import TrapKind as TrapKind
from .errors import UnsupportedImport as UnsupportedImport
from .errors import UnsupportedLimit as UnsupportedLimit
from .executor import Executor as Executor
from .executor import Host as Host
from .executor import Instance as Instance
from .generator import Generator as Generator
from .header import Header as Header
from .header import ModuleDefinition as ModuleDefinition
from .hookspecs import hookimpl as hookimpl
from .limits import Capability as Capability
from .limits import Limits as Limits
from .plugins import Plugins as Plugins
from .plugins import discover as discover
from .runtime.engine import Engine as Engine
from .runtime.host_module import HostModule as HostModule
from .runtime.loaded_module import Function as Function
from .runtime.loaded_module import LoadedModule as LoadedModule
from .types import TypeRegistry as TypeRegistry

__version__: str
