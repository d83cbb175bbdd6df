"""Realistic data at any scale: the same shapes as the live tables, any number of rows.

Teams meet on workdays, vote round after round, and most rooms are tried once; people
come from a search or a link, and few of them come back often. Everything is drawn at
once with NumPy, so that 40 million rows take about a minute. The same scale, seed and
day give the same rows.
"""
