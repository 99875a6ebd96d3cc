"""The executor that runs each library in a process of its own."""
