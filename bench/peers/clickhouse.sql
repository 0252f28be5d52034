-- As ../part.sql, of the records that clickhouse.js puts in.
WITH
    events AS (
        SELECT
            coalesce(nullIf(device_id, ''), nullIf(user_id, '')) AS subject,
            event_id,
            event_name,
            at,
            received
        FROM (RECORDS)
        WHERE
            event_name != ''
            AND subject IS NOT NULL
            AND at >= toDateTime64('2000-01-01 00:00:00', 6, 'UTC')
            AND at <= received + INTERVAL 24 HOUR
    ),
    distinct_events AS (
        SELECT
            subject,
            event_id,
            any(event_name) AS event_name,
            toUnixTimestamp64Micro(argMin(assumeNotNull(at), (received, at))) AS at_us,
            event_name = 'session_end' AS ends
        FROM events
        GROUP BY subject, toDate(assumeNotNull(events.at), 'Europe/Lisbon'), event_id
    ),
    ordered AS (
        SELECT
            *,
            lagInFrame(toNullable(at_us)) OVER following AS prev_us,
            lagInFrame(ends) OVER following AS prev_ends
        FROM distinct_events
        WHERE event_name NOT IN ('push_received', 'background_refresh')
        WINDOW following AS (PARTITION BY subject ORDER BY at_us, ends, event_id ROWS UNBOUNDED PRECEDING)
    ),
    begun AS (
        SELECT *, prev_us IS NULL OR at_us - prev_us > 1800000000 OR prev_ends AS fresh FROM ordered
    ),
    placed AS (
        SELECT
            *,
            countIf(fresh) OVER (PARTITION BY subject ORDER BY at_us, ends, event_id ROWS UNBOUNDED PRECEDING) AS session
        FROM begun
        WHERE NOT (fresh AND ends)
    ),
    sessions AS (
        SELECT
            subject,
            toDate(fromUnixTimestamp64Micro(min(at_us), 'Europe/Lisbon'), 'Europe/Lisbon') AS date,
            max(at_us) - min(at_us) AS duration_us,
            count() AS events,
            countIf(event_name = 'screen_view') AS screen_views,
            countIf(event_name = 'app_crash') > 0 AS crashed
        FROM placed
        GROUP BY subject, session
    )
SELECT
    date,
    count() AS sessions,
    uniqExact(subject) AS subjects,
    countIf(crashed) AS crashed_sessions,
    sum(events) AS events,
    sum(screen_views) AS screen_views,
    sum(duration_us) AS duration_us,
    quantileExactLow(0.5)(sessions.duration_us) AS duration_p50_us
FROM sessions
GROUP BY date
ORDER BY date
SETTINGS max_threads = 2
