"""What the numbers on how teams estimate mean."""

from collections.abc import Mapping

from metrics.definition import Definition
from metrics.insights.meanings.living import LIVING
from metrics.insights.meanings.people import PEOPLE
from metrics.insights.meanings.teams import TEAMS

INSIGHT_DEFINITIONS: Mapping[str, Definition] = {
    definition.key: definition for definition in (*TEAMS, *LIVING, *PEOPLE)
}

INSIGHT_LABELS = frozenset(
    {
        *("team_size", "flip", "state", "last_round_at", "first_used_at"),
        *("cohort", "k", "running", "step", "step_name"),
    }
)
"""Columns that say what a row is about; they are no numbers."""
