-- Keeps the records of the raw objects as Parquet, for from_parquet.sql, in the
-- order of time, so that what is later than needed is not read.
COPY (FROM raw_events ORDER BY timestamp) TO 'events.parquet' (COMPRESSION zstd);
