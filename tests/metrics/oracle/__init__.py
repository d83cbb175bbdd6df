"""The rules of the insights once more, in plain Python loops that are easy to check.

Nothing here imports from `metrics.insights`: what agrees by accident proves nothing.
"""
