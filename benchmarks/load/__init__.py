"""Users and programs at once, while a sync publishes: errors, numbers, memory."""
