"""Tools for authors of modules: generators of source code, and what makes, builds and publishes modules."""
