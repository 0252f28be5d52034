-- The records of the raw objects as to_parquet.sql has kept them. For the
-- tables of one day, the variable day, it takes those up to the end of the day
-- after the next: sessions of the day may last 24 hours, and are known to have
-- ended half an hour later.
CREATE TEMP VIEW raw_events AS
FROM read_parquet(getvariable('raw'))
WHERE
    getvariable('day') IS NULL
    OR timestamp < CAST(getvariable('day') AS DATE) + INTERVAL 3 DAY;
