"""Blocks: what a page is made of."""
