"""The nouns: frozen, without I/O, clock or await. They know their rules and nothing of the world."""
