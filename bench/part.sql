-- A part of the job, which chDB and Polars do too: distinct events, sessions by
-- pauses and explicit ends, and sums by day. README.md says what it leaves out.
SET preserve_insertion_order = false;

CREATE TEMP MACRO day_of(us) AS CAST(make_timestamptz(us) AT TIME ZONE 'Europe/Lisbon' AS DATE);

COPY (
    WITH events AS (
        SELECT
            coalesce(nullif(device_id, ''), user_id) AS subject,
            event_id,
            event_name,
            epoch_us(timestamp) AS at_us,
            epoch_us(received_at) AS received_us,
        FROM raw_events
        WHERE
            event_name <> ''
            AND coalesce(nullif(device_id, ''), nullif(user_id, '')) IS NOT NULL
            AND timestamp >= TIMESTAMP '2000-01-01'
            AND timestamp <= received_at + INTERVAL 24 HOUR
    ),
    distinct_events AS (
        SELECT
            subject,
            event_id,
            any_value(event_name) AS event_name,
            arg_min(at_us, (received_us, at_us)) AS at_us,
            any_value(event_name) = 'session_end' AS ends,
        FROM events
        GROUP BY subject, day_of(events.at_us), event_id
    ),
    ordered AS (
        SELECT
            *,
            lag(at_us) OVER following AS prev_us,
            lag(ends) OVER following AS prev_ends,
        FROM distinct_events
        WHERE event_name NOT IN ('push_received', 'background_refresh')
        WINDOW following AS (PARTITION BY subject ORDER BY at_us, ends, event_id)
    ),
    begun AS (
        SELECT *, prev_us IS NULL OR at_us - prev_us > 1_800_000_000 OR prev_ends AS fresh FROM ordered
    ),
    placed AS (
        SELECT
            *,
            count(*) FILTER (fresh) OVER (
                PARTITION BY subject ORDER BY at_us, ends, event_id ROWS UNBOUNDED PRECEDING
            ) AS session,
        FROM begun
        WHERE NOT (fresh AND ends)
    ),
    sessions AS (
        SELECT
            subject,
            day_of(min(at_us)) AS date,
            max(at_us) - min(at_us) AS duration_us,
            count(*) AS events,
            count(*) FILTER (event_name = 'screen_view') AS screen_views,
            bool_or(event_name = 'app_crash') AS crashed,
        FROM placed
        GROUP BY subject, session
    )
    SELECT
        date,
        count(*) AS sessions,
        count(DISTINCT subject) AS subjects,
        count(*) FILTER (crashed) AS crashed_sessions,
        sum(events)::BIGINT AS events,
        sum(screen_views)::BIGINT AS screen_views,
        sum(duration_us)::BIGINT AS duration_us,
        quantile_disc(sessions.duration_us, 0.5) AS duration_p50_us,
    FROM sessions
    GROUP BY date
    ORDER BY date
)
TO 'days.csv' (HEADER);
