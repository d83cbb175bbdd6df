"""What every process shares: settings, clock, errors, redaction."""
