"""The tour: a scratch repository, a plan with traps in it, and six short acts that show what Signoff is for."""
