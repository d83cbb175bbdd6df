"""The rules of the insights once more, in plain Python loops that anybody can check.

Nothing here imports from `metrics.insights`: what agrees by accident proves nothing.
"""
