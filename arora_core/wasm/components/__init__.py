"""WebAssembly components (ABI §6), run as the core modules that they consist of.

A component is a bundle of core modules, and a description of how they are linked with one another and with the host.
:mod:`.component_reader` reads the description, :mod:`.world` compares it with what hosts offer, and :mod:`.preview2`
is the WASI that guests get. An executor instantiates the modules in order, and adds small modules of its own in which
the component's calls become those of a core guest (ABI §3, §4). So all that holds for core guests holds here too: a
buffer crosses in one copy, a module may be entered again while it waits, and limits and failures are the same.
"""
