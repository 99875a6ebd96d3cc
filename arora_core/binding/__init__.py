"""Between plain Python objects and values, by a function's declared types."""
