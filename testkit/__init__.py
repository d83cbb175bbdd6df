"""Real parts that tests and benchmarks start: servers, a browser, a dashboard."""
