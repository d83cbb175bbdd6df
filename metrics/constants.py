"""The fixed points that every metric shares."""

from datetime import date, datetime, timedelta

START_DATE = date(2024, 6, 3)
"""The day from which the replaced service counted."""
START = datetime.combine(START_DATE, datetime.min.time())
SESSION_GAP = timedelta(minutes=10)
"""A longer pause starts a new session."""
SESSION_BONUS = timedelta(seconds=10)
"""What the last activity of a session is taken to last."""
VISIT_GAP = timedelta(minutes=30)
"""A longer pause starts a new visit."""
VISIT_MARGIN = timedelta(days=1)
"""How far around a window visits are followed, so that none is cut at its edge."""
FIRST_STEPS = timedelta(days=7)
"""Time that new users and rooms have for their first steps."""
MOVING_AVERAGE = 30
"""Rows in a moving average."""
INACTIVE_AFTER = timedelta(days=30)
"""After a longer absence a returning user or room counts as gone."""
TOP = 40
"""Rows of a ranked list of the replaced service."""
MATURE = timedelta(days=28)
"""How old a new user has to be, and how long each is followed."""
NEW_USERS_BEFORE = MATURE + timedelta(days=1)
"""How much earlier than a period the days may be whose new users are counted."""
HISTORY = timedelta(weeks=36)
"""How much earlier than a period the rows may be that its tables depend on."""
MONTHS_OF_HISTORY = MOVING_AVERAGE * timedelta(days=31)
"""The same of tables by month, whose averages are of as many months."""
