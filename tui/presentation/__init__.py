"""Nouns to text: pure functions, no widgets, no clock, no I/O.

What leaves this room is safe to show: strings from outside pass `safe`. Colours are named by theme variables
(`$text-success`), so light, dark and 16-colour themes decide; no meaning is carried by colour alone.
"""
