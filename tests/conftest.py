"""Settings of every test."""

from hypothesis import settings

# How long an example takes depends on what else the machine does: pytest's own limit
# is enough. Everything else stays as Hypothesis has it, here and on CI.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")
