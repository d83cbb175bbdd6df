"""Access: the gate, login, sessions, and the throttle for wrong tokens."""
