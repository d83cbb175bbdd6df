"""How teams estimate: what no web-analytics product can tell.

Every rate stands beside the number of cases it comes from, and is null where these
are fewer than 20 (`shown`).
"""
