"""The same product at any scale: as many rows as asked for, drawn with NumPy.

The demo (`simulation.writer`) follows each user through planted stories; here columns
of millions of rows are drawn at once, without stories, so that 40 million rows take
about a minute. Both share places, devices, sources, routes, the worth of stories and
the way in which rows become the six tables. The same scale, seed and day give the same
rows. Only benchmarks and tests import this package: it needs NumPy.
"""

from simulation.scaled.tables import simulate

__all__ = ["simulate"]
