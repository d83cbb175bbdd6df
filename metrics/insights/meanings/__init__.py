"""What the numbers mean, by subject."""
