"""Filters: chips, and clicks on charts and tables that add them."""
