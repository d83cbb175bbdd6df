"""The sync job's parts: the live database in, one generation of Parquet out."""
