"""The store: what the sync job publishes, and how the dashboard reads it."""
