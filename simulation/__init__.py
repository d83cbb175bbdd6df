"""One simulated history of Free Planning Poker: for the demo, tests and benchmarks.

Teams meet in the rhythm of their sprints, visitors come and leave, weekends and
holidays are quiet. The same seed and day give the same rows. `simulation.scaled` draws
the same product at any scale. The demo has planted stories, counted back from today,
for a reader of the dashboard to find:

- **Launch**: for two weeks, six weeks ago, Google Ads and GitHub bring about three
  times the usual visitors, and nearly all of them leave at once.
- **Outage**: on the Tuesday of the week before last almost nothing happens.
- **A source whose users stay**: users from Microsoft Teams have been invited into a
  room, estimate, and come back.
- **Drift**: six large teams have agreed less and less for fourteen weeks.
- **Auto-flip**: most rooms turn it on at some meetings only, and these are quicker.
- **Gone quiet**: three healthy teams (Phoenix, Kraken, Wombats) met twice a week and
  stopped 28 days ago.
- **Growth**: visitors and teams from Brazil multiply in the last five weeks.
"""

from simulation.writer import is_current, write

__all__ = ["is_current", "write"]
