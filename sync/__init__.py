"""The sync job's parts: plan pure, execute thin."""
