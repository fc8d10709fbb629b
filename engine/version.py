"""The version of the program; `importlib.metadata` would cost a start more than the store does."""

VERSION = "0.1.0"
