-- Keeps the records of the raw objects as Parquet, for from_parquet.sql.
COPY raw_events TO 'events.parquet' (COMPRESSION zstd);
