"""The meaning of every number, one file per subject."""
