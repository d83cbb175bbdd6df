"""The server beside the pages: gate, JSON routes, health, email."""
