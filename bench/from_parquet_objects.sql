-- The records of the raw objects, which the variable raw is the pattern of, where
-- these are Parquet.
CREATE TEMP VIEW raw_events AS
SELECT
    * REPLACE (
        timestamp AT TIME ZONE 'UTC' AS timestamp,
        received_at AT TIME ZONE 'UTC' AS received_at
    ),
FROM read_parquet(getvariable('raw'));
