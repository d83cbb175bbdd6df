"""Every number of the dashboard, as pure functions of Polars LazyFrames."""
