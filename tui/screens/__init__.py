"""One screen a file, its CSS beside it and nested under its type. Screens arrange, listen, and ask the app."""
