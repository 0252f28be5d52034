-- The whole job of `sojourn run` in one script: raw objects to tables, a Parquet
-- file or more for each table and day, written into the current directory.
--
-- The variable raw is the pattern of the objects. What the script leaves out is
-- listed in README.md.
--
-- Times are microseconds since 1970 UTC until they are written.

-- Nothing below needs the order of lines or rows: without it DuckDB is faster.
SET preserve_insertion_order = false;

CREATE TEMP MACRO timeout() AS 1_800_000_000;
CREATE TEMP MACRO cap() AS 86_400_000_000;
CREATE TEMP MACRO day_of(us) AS CAST(make_timestamptz(us) AT TIME ZONE 'Europe/Lisbon' AS DATE);
CREATE TEMP MACRO midnight(day) AS epoch_us(CAST(day AS TIMESTAMP) AT TIME ZONE 'Europe/Lisbon');
CREATE TEMP MACRO in_background(name) AS name IN (
    'push_received', 'notification_receive', 'Push Notification Received', 'background_refresh', 'silent_push',
    'geofence', 'app_remove', 'Application Uninstalled', 'os_update', 'app_update');
CREATE TEMP MACRO is_end(name) AS name IN ('session_end', 'app_close');
CREATE TEMP MACRO is_crash(name) AS name IN ('app_crash', 'Application Crashed', '$ae_crashed');
CREATE TEMP MACRO to_foreground(name) AS name IN (
    'app_foreground', 'Application Opened', 'Application Foregrounded', 'application_foreground',
    '[Amplitude] Application Opened');
CREATE TEMP MACRO to_background(name) AS name IN (
    'app_background', 'Application Backgrounded', 'application_background', '[Amplitude] Application Backgrounded');
CREATE TEMP MACRO is_view(name) AS name IN (
    'screen_view', 'screen', 'page_view', 'page', '$screen', '$pageview', '[Amplitude] Screen Viewed');
CREATE TEMP MACRO is_install(name) AS name IN (
    'first_open', 'first_visit', 'Application Installed', 'application_install', '[Amplitude] Application Installed',
    '$ae_first_open');
CREATE TEMP MACRO is_push_open(name) AS name IN (
    'notification_open', 'Push Notification Tapped', '$push_notification_opened', 'push_open');
CREATE TEMP MACRO is_engaged(foreground_us, views) AS foreground_us >= 10_000_000 OR views >= 2;

-- Events ---------------------------------------------------------------------

-- Lines that are no JSON come as rows of nulls.
CREATE TEMP TABLE events AS
SELECT
    coalesce(nullif(device_id, ''), user_id) AS subject,
    nullif(device_id, '') AS device_id,
    nullif(user_id, '') AS user_id,
    event_id,
    event_name,
    epoch_us(timestamp) AS at_us,
    epoch_us(received_at) AS received_us,
    session_id,
    screen,
    platform,
    os_version,
    app_version,
    device_model,
    country,
    language,
    acquisition_source,
    campaign,
FROM read_json(
    getvariable('raw'),
    format = 'newline_delimited',
    ignore_errors = true,
    timestampformat = '%Y-%m-%dT%H:%M:%S.%gZ',
    columns = {
        event_id: 'VARCHAR', user_id: 'VARCHAR', device_id: 'VARCHAR', event_name: 'VARCHAR',
        timestamp: 'TIMESTAMP', received_at: 'TIMESTAMP', session_id: 'VARCHAR', screen: 'VARCHAR',
        platform: 'VARCHAR', os_version: 'VARCHAR', app_version: 'VARCHAR', device_model: 'VARCHAR',
        country: 'VARCHAR', language: 'VARCHAR', acquisition_source: 'VARCHAR', campaign: 'VARCHAR'
    }
)
WHERE
    event_name <> ''
    AND coalesce(nullif(device_id, ''), nullif(user_id, '')) IS NOT NULL
    AND timestamp >= TIMESTAMP '2000-01-01'
    AND (received_at IS NULL OR timestamp <= received_at + INTERVAL 24 HOUR);

CREATE TEMP TABLE last AS SELECT day_of(max(at_us)) AS day FROM events;

-- Few events come twice: their ids are looked for first, and what decides which
-- delivery counts is worked out for those alone.
CREATE TEMP TABLE extra AS
WITH repeated AS (
    SELECT subject, event_id FROM events GROUP BY ALL HAVING count(*) > 1
)
SELECT event, at_us
FROM (
    SELECT
        events.rowid AS event,
        at_us,
        row_number() OVER (PARTITION BY subject, day_of(at_us), event_id ORDER BY received_us, at_us) AS delivery,
    FROM events SEMI JOIN repeated USING (subject, event_id)
)
WHERE delivery > 1;

DELETE FROM events WHERE rowid IN (SELECT event FROM extra);

-- Sessions -------------------------------------------------------------------

-- Activity in order: n counts the events of a subject. A stretch, named by the
-- n of its first event, is the activity between two pauses or explicit ends; an
-- end in no stretch ends nothing and is outside.
-- The sorts carry few columns; the rest is joined where it is summed up.
CREATE TEMP TABLE steps AS
WITH ordered AS (
    SELECT
        rowid AS event,
        subject,
        at_us,
        user_id,
        is_end(event_name) AS ends,
        row_number() OVER following AS n,
        lag(at_us) OVER following AS prev_us,
        lag(is_end(event_name)) OVER following AS prev_end,
        lag(to_background(event_name)) OVER following AS prev_background,
        last_value(user_id IGNORE NULLS) OVER before AS prev_user,
        last_value(CASE WHEN user_id IS NOT NULL THEN at_us END IGNORE NULLS) OVER before AS prev_user_us,
    FROM events
    WHERE NOT in_background(event_name)
    WINDOW
        following AS (
            PARTITION BY subject
            ORDER BY
                at_us,
                CASE
                    WHEN is_end(event_name) THEN 3
                    WHEN to_background(event_name) THEN 2
                    WHEN to_foreground(event_name) THEN 0
                    ELSE 1
                END,
                event_id
        ),
        before AS (
            PARTITION BY subject
            ORDER BY
                at_us,
                CASE
                    WHEN is_end(event_name) THEN 3
                    WHEN to_background(event_name) THEN 2
                    WHEN to_foreground(event_name) THEN 0
                    ELSE 1
                END,
                event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
)
SELECT
    * EXCLUDE (ends, fresh),
    max(CASE WHEN fresh THEN n END) OVER (PARTITION BY subject ORDER BY n) AS stretch,
FROM (SELECT *, prev_us IS NULL OR at_us - prev_us > timeout() OR prev_end AS fresh FROM ordered)
WHERE NOT (fresh AND ends);

-- Few stretches are cut: where another known user signs in, and 24 hours after
-- a session's start, again and again.
CREATE TEMP TABLE cuts AS
WITH RECURSIVE changes AS (
    SELECT c.subject, c.stretch, c.n, c.at_us
    FROM steps AS c
    JOIN steps AS first ON first.subject = c.subject AND first.n = c.stretch
    WHERE c.prev_user <> c.user_id AND c.prev_user_us >= first.at_us AND c.n > c.stretch
),
long AS (
    SELECT subject, stretch FROM steps GROUP BY subject, stretch HAVING max(at_us) - min(at_us) > cap()
),
pieces AS (
    SELECT s.subject, s.stretch, s.n, s.at_us, coalesce(max(c.n), s.stretch) AS piece
    FROM steps AS s
    JOIN long USING (subject, stretch)
    LEFT JOIN changes AS c ON c.subject = s.subject AND c.stretch = s.stretch AND c.n <= s.n
    GROUP BY s.subject, s.stretch, s.n, s.at_us
),
capped AS (
    SELECT subject, stretch, piece, n, at_us FROM pieces WHERE n = piece
    UNION ALL
    SELECT p.subject, p.stretch, p.piece, min(p.n), min(p.at_us)
    FROM capped AS c
    JOIN pieces AS p ON p.subject = c.subject AND p.piece = c.piece AND p.at_us > c.at_us + cap()
    GROUP BY p.subject, p.stretch, p.piece
)
SELECT subject, stretch, n, 'user_change' AS reason FROM changes
UNION ALL
SELECT subject, stretch, n, 'cap' FROM capped WHERE n > piece;

-- A session is named by the n of its first event.
CREATE TEMP TABLE folded AS
WITH cuts_of AS (
    SELECT subject, stretch, list(n) AS starts FROM cuts GROUP BY ALL
),
cut AS (
    SELECT s.*, coalesce(list_max(list_filter(c.starts, lambda at_n: at_n <= s.n)), s.stretch) AS session
    FROM steps AS s
    LEFT JOIN cuts_of AS c USING (subject, stretch)
)
SELECT
    c.subject,
    c.session,
    min(c.at_us) AS started_us,
    max(c.at_us) AS ended_us,
    max(n) AS last_n,
    count(*) AS activity,
    count(*) FILTER (is_view(event_name)) AS screen_views,
    count(*) FILTER (is_crash(event_name)) AS crash_count,
    count(*) FILTER (is_install(event_name)) AS install_count,
    count(*) FILTER (is_push_open(event_name)) AS push_open_count,
    count(DISTINCT screen) AS distinct_screens,
    bool_or(is_end(event_name)) AS ended,
    bool_or(to_foreground(event_name) OR to_background(event_name)) AS has_markers,
    coalesce(sum(c.at_us - prev_us) FILTER (prev_background AND n > session), 0)::BIGINT AS background_us,
    arg_max(is_crash(event_name), n) AS crashed_last,
    arg_min(e.event_id, n) AS first_event,
    arg_min(e.device_id, n) AS device_id,
    arg_min(e.user_id, n) AS known_user,
    min(c.at_us) FILTER (e.user_id IS NOT NULL) AS known_us,
    arg_min(screen, n) AS entry_screen,
    arg_max(screen, n) AS exit_screen,
    arg_min(platform, n) AS platform,
    arg_min(os_version, n) AS os_version,
    arg_min(app_version, n) AS app_version,
    arg_min(device_model, n) AS device_model,
    arg_min(country, n) AS country,
    arg_min(language, n) AS language,
    arg_min(acquisition_source, n) AS acquisition_source,
    arg_min(campaign, n) AS campaign,
    arg_min(session_id, n) AS source_session_id,
FROM cut AS c
JOIN events AS e ON e.rowid = c.event
GROUP BY ALL;

-- What happens in the background joins the session that it is in, or the one
-- before if that has not ended explicitly and is not too long ago.
CREATE TEMP TABLE background AS
SELECT
    e.subject,
    e.at_us,
    CASE
        WHEN e.at_us <= f.ended_us OR NOT f.ended AND e.at_us - f.ended_us <= timeout() THEN f.session
    END AS session,
FROM (SELECT subject, at_us FROM events WHERE in_background(event_name)) AS e
ASOF LEFT JOIN folded AS f ON f.subject = e.subject AND e.at_us >= f.started_us;

CREATE TEMP TABLE outside AS
SELECT at_us FROM background WHERE session IS NULL
UNION ALL
SELECT at_us FROM events WHERE is_end(event_name) AND rowid NOT IN (SELECT event FROM steps);

CREATE TEMP TABLE sessions AS
WITH joined AS (
    SELECT subject, session, count(*) AS events, max(at_us) AS last_us FROM background WHERE session IS NOT NULL GROUP BY ALL
),
named AS (
    SELECT
        f.*,
        day_of(started_us) AS session_date,
        day_of(greatest(ended_us, joined.last_us)) AS last_date,
        CASE WHEN day_of(known_us) = day_of(started_us) THEN known_user ELSE f.subject END AS owner,
        CASE
            WHEN cuts.reason IS NOT NULL THEN cuts.reason
            WHEN started_us - lag(ended_us) OVER (PARTITION BY f.subject ORDER BY started_us) <= timeout() THEN 'after_end'
            ELSE 'gap'
        END AS start_reason,
        coalesce(joined.events, 0) AS background_event_count,
        ended_us - started_us AS duration_us,
        ended_us - started_us - background_us AS foreground_us,
        lead(started_us) OVER (PARTITION BY f.subject ORDER BY started_us) AS next_us,
    FROM folded AS f
    LEFT JOIN cuts ON cuts.subject = f.subject AND cuts.n = f.session
    LEFT JOIN joined ON joined.subject = f.subject AND joined.session = f.session
),
followed AS (
    SELECT
        *,
        NOT ended AND next_us IS NULL AND midnight(last.day + 1) - ended_us <= timeout() AS is_open,
        CASE
            WHEN ended THEN 'explicit_end'
            WHEN is_open THEN 'open'
            ELSE coalesce(nullif(lead(start_reason) OVER (PARTITION BY subject ORDER BY started_us), 'gap'), 'timeout')
        END AS end_reason,
        max(ended_us) OVER (
            PARTITION BY owner ORDER BY started_us, subject
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS previous_us,
    FROM named
    CROSS JOIN last
)
SELECT
    subject,
    session,
    last_n,
    started_us,
    ended_us,
    last_date,
    ended,
    next_us,
    activity,
    session_date,
    md5(concat_ws(' ', subject, started_us, first_event)) AS session_id,
    owner AS user_id,
    device_id,
    make_timestamptz(started_us) AS started_at,
    make_timestamptz(ended_us) AS ended_at,
    duration_us / 1e6 AS duration_seconds,
    foreground_us / 1e6 AS engaged_seconds,
    CASE WHEN has_markers THEN foreground_us / 1e6 END AS foreground_seconds,
    CASE
        WHEN crashed_last AND activity > 1 THEN (duration_us + duration_us // (activity - 1)) / 1e6
        WHEN crashed_last THEN duration_us / 1e6
    END AS crash_corrected_seconds,
    CASE WHEN previous_us IS NOT NULL THEN greatest(0, started_us - previous_us) / 1e6 END AS seconds_since_previous_session,
    activity + background_event_count AS event_count,
    background_event_count,
    screen_views,
    distinct_screens,
    entry_screen,
    exit_screen,
    crash_count,
    0 AS key_event_count,
    install_count,
    push_open_count,
    start_reason,
    end_reason,
    CASE
        WHEN is_open THEN 'open'
        WHEN crash_count > 0 THEN 'crashed'
        WHEN end_reason = 'timeout' THEN 'timed_out'
        ELSE 'ok'
    END AS status,
    is_engaged(foreground_us, screen_views) AS is_engaged,
    activity = 1 AS is_bounce,
    previous_us IS NULL AS is_first_session,
    true AS is_counted,
    NULL::VARCHAR AS exclusion,
    platform,
    os_version,
    app_version,
    device_model,
    country,
    language,
    acquisition_source,
    campaign,
    NULL::VARCHAR AS device_class,
    NULL::VARCHAR AS utc_offset,
    source_session_id,
    NOT is_open AS is_final,
FROM followed;

COPY (SELECT * EXCLUDE (subject, session, last_n, started_us, ended_us, last_date, ended, next_us, activity) FROM sessions)
TO 'sessions' (FORMAT parquet, PARTITION_BY (session_date));

-- The first day that may still change.
CREATE TEMP TABLE provisional AS
SELECT least(last.day, min(session_date) FILTER (NOT is_final)) AS day FROM sessions CROSS JOIN last GROUP BY last.day;

-- Days of sessions -------------------------------------------------------------

-- Few sessions touch more than one day: only theirs are put together from events.
CREATE TEMP TABLE overnight AS
SELECT subject, session, last_n, started_us, session_id, user_id, device_id, session_date
FROM sessions
WHERE last_date > session_date;

-- From the last activity of one day to the first of the next, each day has the
-- time on its side of midnight.
CREATE TEMP TABLE parts AS
WITH stepped AS (
    SELECT
        o.subject,
        o.session,
        day_of(s.at_us) AS date,
        midnight(day_of(s.at_us)) AS midnight_us,
        s.at_us,
        n,
        event_name,
        CASE WHEN prev_background AND n > o.session THEN prev_us END AS away_us,
        platform,
        country,
        app_version,
    FROM overnight AS o
    JOIN steps AS s ON s.subject = o.subject AND s.n BETWEEN o.session AND o.last_n
    JOIN events AS e ON e.rowid = s.event
),
active AS (
    SELECT
        subject,
        session,
        date,
        min(at_us) AS first_us,
        max(at_us) AS last_us,
        count(*) AS activity,
        count(*) FILTER (is_view(event_name)) AS screen_views,
        count(*) FILTER (is_crash(event_name)) AS crash_count,
        bool_or(is_end(event_name)) AS ended,
        coalesce(sum(greatest(0, midnight_us - away_us)), 0)::BIGINT AS away_before_us,
        coalesce(sum(at_us - greatest(midnight_us, away_us)) FILTER (away_us IS NOT NULL), 0)::BIGINT AS away_us,
        arg_min(platform, n) AS platform,
        arg_min(country, n) AS country,
        arg_min(app_version, n) AS app_version,
    FROM stepped
    GROUP BY ALL
),
joined AS (
    SELECT subject, session, day_of(at_us) AS date, count(*) AS events
    FROM background SEMI JOIN overnight USING (subject, session)
    GROUP BY ALL
)
SELECT
    subject,
    session,
    date,
    first_us,
    last_us,
    ended,
    coalesce(activity, 0) AS activity,
    coalesce(events, 0) AS background_event_count,
    coalesce(screen_views, 0) AS screen_views,
    coalesce(crash_count, 0) AS crash_count,
    CASE WHEN lead(first_us) OVER days IS NOT NULL THEN midnight(date + 1) ELSE last_us END AS until_us,
    coalesce(away_us, 0) + coalesce(lead(away_before_us) OVER days, 0) AS away_us,
    sum(activity) OVER past AS activity_so_far,
    sum(screen_views) OVER past AS screen_views_so_far,
    max(last_us) OVER past - started_us - sum(away_before_us + away_us) OVER past AS foreground_us_so_far,
    first_value(platform IGNORE NULLS) OVER past AS platform,
    first_value(country IGNORE NULLS) OVER past AS country,
    first_value(app_version IGNORE NULLS) OVER past AS app_version,
    greatest(started_us, midnight(date)) AS from_us,
    session_id,
    user_id,
    device_id,
    session_date,
FROM active
FULL JOIN joined USING (subject, session, date)
JOIN overnight USING (subject, session)
WINDOW
    days AS (PARTITION BY subject, session ORDER BY date),
    past AS (PARTITION BY subject, session ORDER BY date ROWS UNBOUNDED PRECEDING);

COPY (
    SELECT
        session_date AS date,
        session_id,
        user_id,
        device_id,
        session_date,
        started_at,
        ended_at,
        duration_seconds,
        engaged_seconds,
        event_count,
        background_event_count,
        screen_views,
        crash_count,
        key_event_count,
        is_engaged,
        is_bounce,
        is_counted,
        platform,
        country,
        app_version,
    FROM sessions
    WHERE last_date = session_date
    UNION ALL
    SELECT
        date,
        session_id,
        user_id,
        device_id,
        session_date,
        make_timestamptz(first_us),
        make_timestamptz(last_us),
        coalesce(until_us - from_us, 0) / 1e6,
        coalesce(until_us - from_us - away_us, 0) / 1e6,
        activity + background_event_count,
        background_event_count,
        screen_views,
        crash_count,
        0,
        is_engaged(foreground_us_so_far, screen_views_so_far),
        activity_so_far = 1,
        true,
        platform,
        country,
        app_version,
    FROM parts
)
TO 'session_days' (FORMAT parquet, PARTITION_BY (date));

-- Users ----------------------------------------------------------------------

-- How far a session had come by the end of each day on which it was active.
CREATE TEMP TABLE reached AS
SELECT
    user_id,
    session_id,
    date,
    ended_us,
    NOT ended
    AND midnight(date + 1) - ended_us <= timeout()
    AND coalesce(next_us >= midnight(date + 1), true) AS may_go_on,
FROM (
    SELECT user_id, session_id, next_us, session_date AS date, ended_us, ended
    FROM sessions
    WHERE last_date = session_date
    UNION ALL
    SELECT s.user_id, s.session_id, s.next_us, p.date, p.last_us, p.ended
    FROM parts AS p
    JOIN sessions AS s USING (subject, session)
    WHERE p.activity > 0
);

CREATE TEMP TABLE users AS
WITH firsts AS (
    SELECT
        user_id,
        session_date AS first_seen_date,
        platform AS first_platform,
        country AS first_country,
        app_version AS first_app_version,
        acquisition_source AS first_acquisition_source,
        campaign AS first_campaign,
    FROM sessions
    WHERE is_first_session
),
days AS (
    SELECT
        user_id,
        session_date AS date,
        count(*) AS sessions,
        arg_max(platform, started_us) AS platform,
        arg_max(country, started_us) AS country,
        arg_max(app_version, started_us) AS app_version,
        arg_max(language, started_us) AS language,
    FROM sessions
    GROUP BY ALL
),
ends AS (
    SELECT
        user_id,
        date,
        arg_max(session_id, ended_us) AS session_id,
        max(ended_us) AS ended_us,
        bool_or(may_go_on) AS may_go_on,
    FROM reached
    GROUP BY ALL
),
grid AS (
    SELECT firsts.*, CAST(unnest(generate_series(first_seen_date, last.day, INTERVAL 1 DAY)) AS DATE) AS date
    FROM firsts CROSS JOIN last
),
windows AS (
    SELECT
        g.*,
        coalesce(d.sessions, 0) AS sessions_1d,
        sum(d.sessions) OVER past AS sessions_total,
        coalesce(sum(d.sessions) OVER week, 0) AS sessions_7d,
        coalesce(sum(d.sessions) OVER month, 0) AS sessions_28d,
        count(d.sessions) OVER week AS active_7d,
        count(d.sessions) OVER month AS active_28d,
        count(d.sessions) OVER lapse AS active_29d,
        list(coalesce(d.sessions, 0)) OVER bits AS recent,
        last_value(CASE WHEN d.sessions > 0 THEN g.date END IGNORE NULLS) OVER past AS last_seen_date,
        last_value(e.session_id IGNORE NULLS) OVER past AS last_session_id,
        last_value(e.ended_us IGNORE NULLS) OVER past AS last_ended_us,
        coalesce(e.may_go_on, false) AS has_open_session,
        last_value(d.platform IGNORE NULLS) OVER past AS platform,
        last_value(d.country IGNORE NULLS) OVER past AS country,
        last_value(d.app_version IGNORE NULLS) OVER past AS app_version,
        last_value(d.language IGNORE NULLS) OVER past AS language,
        lead(coalesce(d.sessions, 0)) OVER (PARTITION BY g.user_id ORDER BY g.date) > 0 AS returned,
    FROM grid AS g
    LEFT JOIN days AS d ON d.user_id = g.user_id AND d.date = g.date
    LEFT JOIN ends AS e ON e.user_id = g.user_id AND e.date = g.date
    WINDOW
        past AS (PARTITION BY g.user_id ORDER BY g.date ROWS UNBOUNDED PRECEDING),
        week AS (PARTITION BY g.user_id ORDER BY g.date ROWS 6 PRECEDING),
        month AS (PARTITION BY g.user_id ORDER BY g.date ROWS 27 PRECEDING),
        lapse AS (PARTITION BY g.user_id ORDER BY g.date ROWS 28 PRECEDING),
        bits AS (PARTITION BY g.user_id ORDER BY g.date ROWS 62 PRECEDING)
)
SELECT * FROM windows;

COPY (
    SELECT
        date,
        user_id,
        first_seen_date,
        last_seen_date,
        list_sum(list_transform(list_reverse(recent), lambda n, i: CASE WHEN n > 0 THEN 1::BIGINT << (i - 1) ELSE 0 END))::BIGINT AS active_days_bits,
        sessions_total::BIGINT AS sessions_total,
        sessions_1d,
        sessions_7d::BIGINT AS sessions_7d,
        sessions_28d::BIGINT AS sessions_28d,
        nullif(regexp_replace(array_to_string(list_reverse(recent)[:28], ','), '(,0)+$', ''), '0') AS sessions_by_day,
        last_session_id,
        make_timestamptz(last_ended_us) AS last_ended_at,
        has_open_session,
        first_platform,
        first_country,
        first_app_version,
        first_acquisition_source,
        first_campaign,
        platform,
        country,
        app_version,
        language,
    FROM users
)
TO 'users' (FORMAT parquet, PARTITION_BY (date));

-- Daily tables ---------------------------------------------------------------

COPY (
    WITH sums AS (
        SELECT
            session_date AS date,
            CASE WHEN grouping(platform) = 1 THEN 'total' ELSE 'platform_country_version' END AS cut,
            platform,
            country,
            app_version,
            count(*) AS sessions,
            count(DISTINCT user_id) AS users,
            count(*) FILTER (is_first_session) AS new_users,
            count(*) FILTER (is_engaged) AS engaged_sessions,
            count(*) FILTER (is_bounce) AS bounced_sessions,
            count(*) FILTER (crash_count > 0) AS crashed_sessions,
            count(*) FILTER (duration_seconds = 0) AS zero_length_sessions,
            sum(ended_us - started_us)::BIGINT AS duration_us,
            quantile_disc(duration_seconds, [0.1, 0.25, 0.5, 0.75, 0.9, 0.95]) AS p,
            sum(round(engaged_seconds * 1e6)::BIGINT)::BIGINT AS engaged_us,
            sum(event_count)::BIGINT AS events,
            sum(screen_views)::BIGINT AS screen_views,
        FROM sessions
        GROUP BY GROUPING SETS ((session_date), (session_date, platform, country, app_version))
    )
    SELECT
        * EXCLUDE (duration_us, engaged_us, p),
        duration_us / 1e6 / sessions AS duration_mean_seconds,
        p[1] AS duration_p10_seconds,
        p[2] AS duration_p25_seconds,
        p[3] AS duration_p50_seconds,
        p[4] AS duration_p75_seconds,
        p[5] AS duration_p90_seconds,
        p[6] AS duration_p95_seconds,
        engaged_us / 1e6 AS engaged_seconds,
        events / sessions AS events_per_session,
        screen_views / sessions AS screens_per_session,
        date < (SELECT day FROM provisional) AS is_final,
    FROM sums
)
TO 'daily_sessions' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH active AS (
        SELECT
            date,
            unnest([
                {days: 1, sessions: sessions_1d::BIGINT, active_days: NULL::BIGINT},
                {days: 7, sessions: sessions_7d::BIGINT, active_days: active_7d},
                {days: 28, sessions: sessions_28d::BIGINT, active_days: active_28d}
            ], recursive := true),
        FROM users
    ),
    totals AS (
        SELECT date, days, count(*) FILTER (sessions > 0) AS users, sum(sessions)::BIGINT AS sessions
        FROM active
        GROUP BY ALL
    ),
    buckets AS (
        SELECT date, 'sessions' AS measure, days, sessions AS bucket, count(*) AS users, sum(sessions)::BIGINT AS sessions
        FROM active
        WHERE sessions > 0
        GROUP BY ALL
        UNION ALL
        SELECT date, 'active_days', days, active_days, count(*), sum(sessions)::BIGINT
        FROM active
        WHERE active_days > 0
        GROUP BY ALL
    ),
    intervals AS (
        SELECT
            session_date AS date,
            user_id,
            list_max(list_filter([0, 1, 3, 6, 12, 24, 48, 72, 168, 336, 672], lambda h: h * 3600 <= seconds_since_previous_session)) AS bucket,
        FROM sessions
        WHERE seconds_since_previous_session IS NOT NULL
    )
    SELECT date, 'active_users' AS measure, days AS window_days, NULL AS bucket, users, sessions, NULL::DOUBLE AS value
    FROM totals
    UNION ALL
    SELECT b.date, b.measure, b.days, b.bucket, b.users, b.sessions, b.users / t.users
    FROM buckets AS b
    JOIN totals AS t ON t.date = b.date AND t.days = b.days
    UNION ALL
    SELECT
        date,
        'hours_since_previous',
        NULL,
        bucket,
        count(DISTINCT user_id),
        count(*),
        count(*) / sum(count(*)) OVER (PARTITION BY date),
    FROM intervals
    GROUP BY date, bucket
    UNION ALL
    SELECT t.date, 'stickiness', t.days, NULL, d.users, d.sessions, d.users / nullif(t.users, 0)
    FROM totals AS t
    JOIN totals AS d ON d.date = t.date AND d.days = 1
    WHERE t.days > 1
)
TO 'daily_frequency' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH decided AS (
        SELECT *, date - first_seen_date AS day_n FROM users WHERE date - first_seen_date <= 30 OR date - first_seen_date IN (60, 90)
    )
    SELECT
        date,
        first_seen_date AS cohort_date,
        day_n,
        CASE grouping(first_platform, first_country, first_acquisition_source)
            WHEN 3 THEN 'platform'
            WHEN 5 THEN 'country'
            WHEN 6 THEN 'acquisition_source'
            ELSE 'total'
        END AS cut,
        CASE grouping(first_platform, first_country, first_acquisition_source)
            WHEN 3 THEN first_platform
            WHEN 5 THEN first_country
            WHEN 6 THEN first_acquisition_source
        END AS segment,
        count(*) AS cohort_users,
        count(*) FILTER (sessions_1d > 0) AS retained_users,
        count(*) FILTER (sessions_1d > 0) / count(*) AS retention_rate,
    FROM decided
    GROUP BY GROUPING SETS (
        (date, first_seen_date, day_n),
        (date, first_seen_date, day_n, first_platform),
        (date, first_seen_date, day_n, first_country),
        (date, first_seen_date, day_n, first_acquisition_source)
    )
)
TO 'daily_retention' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH members AS (
        SELECT
            date,
            user_id,
            returned,
            unnest(
                [
                    {
                        segmentation: 'lifecycle',
                        segment: CASE
                            WHEN sessions_1d = 0 THEN 'dormant'
                            WHEN first_seen_date = date THEN 'new'
                            WHEN active_29d > 1 THEN 'returning'
                            ELSE 'resurrected'
                        END
                    },
                    {
                        segmentation: 'lifecycle_day',
                        segment: CASE
                            WHEN sessions_1d = 0 THEN 'dormant'
                            WHEN first_seen_date = date THEN 'new'
                            WHEN recent[-2] > 0 THEN 'returning'
                            ELSE 'resurrected'
                        END
                    }
                ]
                || CASE
                    WHEN active_28d >= 14 THEN [{segmentation: 'activity_tier', segment: 'power'}]
                    WHEN active_28d >= 4 THEN [{segmentation: 'activity_tier', segment: 'core'}]
                    WHEN active_28d >= 1 THEN [{segmentation: 'activity_tier', segment: 'casual'}]
                    ELSE []
                END
                || CASE
                    WHEN sessions_1d > 0 THEN [
                        {segmentation: 'platform', segment: platform},
                        {segmentation: 'country', segment: country},
                        {segmentation: 'app_version', segment: app_version},
                        {segmentation: 'language', segment: language},
                        {segmentation: 'acquisition_source', segment: first_acquisition_source}
                    ]
                    ELSE []
                END,
                recursive := true
            ),
        FROM users
    ),
    counts AS (
        SELECT date, segmentation, segment, count(*) AS users, count(returned) AS known, count(*) FILTER (returned) AS returned
        FROM members
        GROUP BY ALL
    ),
    lengths AS (
        SELECT m.date, segmentation, segment, count(*) AS sessions, quantile_disc(duration_seconds, 0.5) AS p50
        FROM members AS m
        JOIN sessions AS s ON s.session_date = m.date AND s.user_id = m.user_id
        GROUP BY ALL
    )
    SELECT
        c.date,
        c.segmentation,
        c.segment,
        c.users,
        coalesce(l.sessions, 0) AS sessions,
        l.p50 AS duration_p50_seconds,
        CASE WHEN c.known > 0 THEN c.returned END AS returned_next_day_users,
        CASE WHEN c.known > 0 THEN c.returned / c.users END AS return_next_day_rate,
        c.date < (SELECT day FROM provisional) AS is_final,
    FROM counts AS c
    LEFT JOIN lengths AS l
        ON l.date = c.date AND l.segmentation = c.segmentation AND l.segment IS NOT DISTINCT FROM c.segment
)
TO 'daily_segments' (FORMAT parquet, PARTITION_BY (date));

-- Days are worked out for quarters of an hour, which no zone divides.
COPY (
    WITH slots AS (
        SELECT at_us // 900_000_000 AS slot, count(*) AS events, 0 AS duplicates, 0 AS outside FROM events GROUP BY ALL
        UNION ALL
        SELECT at_us // 900_000_000, count(*), count(*), 0 FROM extra GROUP BY ALL
        UNION ALL
        SELECT at_us // 900_000_000, 0, 0, count(*) FROM outside GROUP BY ALL
    )
    SELECT
        day_of(slot * 900_000_000) AS date,
        sum(events)::BIGINT AS events_staged,
        sum(events - duplicates - outside)::BIGINT AS events_in_sessions,
        sum(duplicates)::BIGINT AS events_duplicate,
        sum(outside)::BIGINT AS events_outside_session,
        0::BIGINT AS events_ignored,
        0::BIGINT AS events_beyond_cap,
        0::BIGINT AS events_uploaded_late,
    FROM slots
    GROUP BY ALL
)
TO 'daily_ledger' (FORMAT parquet, PARTITION_BY (date));
