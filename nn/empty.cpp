// Makes the library exist while it has no source of its own.
