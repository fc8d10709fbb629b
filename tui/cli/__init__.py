"""The command line: one file per group of commands, and the few things that all of them use.

A command reads its arguments, asks the engine through `Call`, and prints; no rule of the product lives here. Only the
module of the chosen command is imported, and nothing here imports pydantic or textual at its top. Text goes to stdout
through `Console`, which makes it safe; diagnostics go to stderr; errors are raised and end in `failing`.
"""
