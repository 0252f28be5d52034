-- The records of the raw objects as to_parquet.sql has kept them.
CREATE TEMP VIEW raw_events AS FROM read_parquet(getvariable('raw'));
