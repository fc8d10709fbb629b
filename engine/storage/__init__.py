"""The store: the only room that knows SQLite. Event and state are written in one transaction, or not at all (S3)."""
