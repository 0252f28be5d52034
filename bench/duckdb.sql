-- The whole job of `sojourn run` in one script: raw objects to tables, a Parquet
-- file or more for each table and day, written into the current directory.
--
-- The view raw_events is the records of the objects: from_json.sql and the other
-- scripts named so. What the script leaves out is listed in README.md.
--
-- Times are microseconds since 1970 UTC until they are written.

-- Nothing below needs the order of lines or rows: without it DuckDB is faster.
SET preserve_insertion_order = false;

-- Of a run for one day, the variable day, only what is about that day is made.
CREATE TEMP MACRO asked_between(first, last) AS
    getvariable('day') IS NULL OR CAST(getvariable('day') AS DATE) BETWEEN first AND last;
CREATE TEMP MACRO asked(day) AS asked_between(day, day);

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
CREATE TEMP MACRO rank(name) AS CASE
    WHEN is_end(name) THEN 3
    WHEN to_background(name) THEN 2
    WHEN to_foreground(name) THEN 0
    ELSE 1
END;
CREATE TEMP MACRO is_view(name) AS name IN (
    'screen_view', 'screen', 'page_view', 'page', '$screen', '$pageview', '[Amplitude] Screen Viewed');
CREATE TEMP MACRO is_install(name) AS name IN (
    'first_open', 'first_visit', 'Application Installed', 'application_install', '[Amplitude] Application Installed',
    '$ae_first_open');
CREATE TEMP MACRO is_push_open(name) AS name IN (
    'notification_open', 'Push Notification Tapped', '$push_notification_opened', 'push_open');
CREATE TEMP MACRO is_push(name) AS name IN ('push_received', 'notification_receive', 'Push Notification Received');
CREATE TEMP MACRO role(name) AS CASE
    WHEN is_push_open(name) THEN 'push_open'
    WHEN is_push(name) THEN 'push_received'
    WHEN is_install(name) THEN 'install'
END;
CREATE TEMP MACRO push_window() AS 1_800_000_000;
CREATE TEMP MACRO is_engaged(foreground_us, views) AS foreground_us >= 10_000_000 OR views >= 2;

-- Events ---------------------------------------------------------------------

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
FROM raw_events
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

-- Activity in order: n counts the events of a subject. A stretch, named by its
-- first event, is the activity between two pauses or explicit ends; an end in no
-- stretch ends nothing and is outside.
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
        last_value(screen IGNORE NULLS) OVER before AS prev_screen,
    FROM events
    WHERE NOT in_background(event_name)
    WINDOW
        following AS (
            PARTITION BY subject
            ORDER BY at_us, rank(event_name), event_id
        ),
        before AS (
            PARTITION BY subject
            ORDER BY at_us, rank(event_name), event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
)
SELECT
    * EXCLUDE (ends, fresh),
    last_value(CASE WHEN fresh THEN event END IGNORE NULLS) OVER (PARTITION BY subject ORDER BY n) AS stretch,
FROM (SELECT *, prev_us IS NULL OR at_us - prev_us > timeout() OR prev_end AS fresh FROM ordered)
WHERE NOT (fresh AND ends);

-- Few stretches are cut: where another known user signs in, and 24 hours after
-- a session's start, again and again.
CREATE TEMP TABLE cuts AS
WITH RECURSIVE changes AS (
    SELECT c.stretch, c.n, c.event, c.at_us
    FROM steps AS c
    JOIN steps AS first ON first.event = c.stretch
    WHERE c.prev_user <> c.user_id AND c.prev_user_us >= first.at_us AND c.event <> c.stretch
),
long AS (
    SELECT stretch FROM steps GROUP BY stretch HAVING max(at_us) - min(at_us) > cap()
),
pieces AS (
    SELECT s.stretch, s.n, s.event, s.at_us, coalesce(arg_max(c.event, c.n), s.stretch) AS piece
    FROM steps AS s
    JOIN long USING (stretch)
    LEFT JOIN changes AS c ON c.stretch = s.stretch AND c.n <= s.n
    GROUP BY s.stretch, s.n, s.event, s.at_us
),
capped AS (
    SELECT stretch, piece, n, event, at_us FROM pieces WHERE event = piece
    UNION ALL
    SELECT p.stretch, p.piece, min(p.n), arg_min(p.event, p.n), min(p.at_us)
    FROM capped AS c
    JOIN pieces AS p ON p.piece = c.piece AND p.at_us > c.at_us + cap()
    GROUP BY p.stretch, p.piece
)
SELECT stretch, n, event, 'user_change' AS reason FROM changes
UNION ALL
SELECT stretch, n, event, 'cap' FROM capped WHERE event <> piece;

-- A session is named by its first event.
CREATE TEMP TABLE placed AS
WITH cuts_of AS (
    SELECT stretch, list({n: n, event: event}) AS starts FROM cuts GROUP BY ALL
)
SELECT
    s.event,
    s.n,
    s.at_us,
    s.prev_us,
    s.prev_background,
    s.prev_screen,
    coalesce(list_max(list_filter(c.starts, lambda start: start.n <= s.n)).event, s.stretch) AS session,
FROM steps AS s
LEFT JOIN cuts_of AS c USING (stretch);

DROP TABLE steps;

CREATE TEMP TABLE folded AS
SELECT
    session,
    any_value(e.subject) AS subject,
    min(c.at_us) AS started_us,
    max(c.at_us) AS ended_us,
    count(*) AS activity,
    count(*) FILTER (is_view(event_name)) AS screen_views,
    count(*) FILTER (is_crash(event_name)) AS crash_count,
    count(*) FILTER (is_install(event_name)) AS install_count,
    count(*) FILTER (is_push_open(event_name)) AS push_open_count,
    count(DISTINCT screen) AS distinct_screens,
    min(n) FILTER (screen IS NOT NULL) AS first_shown_n,
    bool_or(is_end(event_name)) AS ended,
    bool_or(to_foreground(event_name) OR to_background(event_name)) AS has_markers,
    coalesce(sum(c.at_us - prev_us) FILTER (prev_background AND event <> session), 0)::BIGINT AS background_us,
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
    arg_min(e.session_id, n) AS source_session_id,
FROM placed AS c
JOIN events AS e ON e.rowid = c.event
GROUP BY session;

-- What happens in the background joins the session that it is in, or the one
-- before if that has not ended explicitly and is not too long ago.
CREATE TEMP TABLE background AS
SELECT
    e.event,
    e.subject,
    e.at_us,
    f.session AS latest,
    CASE
        WHEN e.at_us <= f.ended_us OR NOT f.ended AND e.at_us - f.ended_us <= timeout() THEN f.session
    END AS session,
FROM (SELECT rowid AS event, subject, at_us FROM events WHERE in_background(event_name)) AS e
ASOF LEFT JOIN folded AS f ON f.subject = e.subject AND e.at_us >= f.started_us;

CREATE TEMP TABLE outside AS
SELECT at_us FROM background WHERE session IS NULL
UNION ALL
SELECT at_us FROM events WHERE is_end(event_name) AND rowid NOT IN (SELECT event FROM placed);

CREATE TEMP TABLE sessions AS
WITH joined AS (
    SELECT session, count(*) AS events, max(at_us) AS last_us FROM background WHERE session IS NOT NULL GROUP BY ALL
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
    LEFT JOIN cuts ON cuts.event = f.session
    LEFT JOIN joined ON joined.session = f.session
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
        row_number() OVER (PARTITION BY owner ORDER BY started_us, subject) AS user_session,
        max(ended_us) OVER before AS previous_us,
        arg_max(crash_count > 0, ended_us) OVER before AS previous_crashed,
        dense_rank() OVER (ORDER BY owner) AS person,
        CASE
            WHEN crashed_last
                THEN greatest(duration_us, least(ended_us + timeout(), started_us + cap(), next_us) - started_us)
        END AS crash_high_us,
    FROM named
    CROSS JOIN last
    WINDOW before AS (
        PARTITION BY owner ORDER BY started_us, subject
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT
    subject,
    session,
    started_us,
    ended_us,
    last_date,
    ended,
    next_us,
    activity,
    first_shown_n,
    person,
    user_session,
    duration_us,
    foreground_us,
    CASE
        WHEN crashed_last AND activity > 1 THEN least(duration_us + duration_us // (activity - 1), crash_high_us)
        WHEN crashed_last THEN duration_us
    END AS crash_corrected_us,
    session_date,
    md5(concat_ws(' ', subject, started_us, first_event)) AS session_id,
    owner AS user_id,
    device_id,
    make_timestamptz(started_us) AS started_at,
    make_timestamptz(started_us) AS first_use_at,
    make_timestamptz(ended_us) AS ended_at,
    duration_us / 1e6 AS duration_seconds,
    foreground_us / 1e6 AS engaged_seconds,
    CASE WHEN has_markers THEN foreground_us / 1e6 END AS foreground_seconds,
    CASE WHEN crashed_last THEN duration_us / 1e6 END AS crash_low_seconds,
    crash_corrected_us / 1e6 AS crash_corrected_seconds,
    crash_high_us / 1e6 AS crash_high_seconds,
    CASE WHEN crashed_last THEN CASE WHEN activity > 1 THEN 'mean_pause' ELSE 'single_event' END END AS crash_correction,
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
    user_session = 1 AS is_first_session,
    coalesce(previous_crashed AND previous_us <= started_us, false) AS is_after_crash,
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
    NULL::VARCHAR AS properties,
    source_session_id,
    NOT is_open AS is_final,
FROM followed;

COPY (
    SELECT
        * EXCLUDE (
            subject, session, started_us, ended_us, last_date, ended, next_us, activity, first_shown_n, person,
            user_session, duration_us, foreground_us, crash_corrected_us
        ),
    FROM sessions
    WHERE asked(session_date)
)
TO 'sessions' (FORMAT parquet, PARTITION_BY (session_date));

-- The first day that may still change.
CREATE TEMP TABLE provisional AS
SELECT least(last.day, min(session_date) FILTER (NOT is_final)) AS day FROM sessions CROSS JOIN last GROUP BY last.day;

-- Days of sessions -------------------------------------------------------------

-- Few sessions touch more than one day: only theirs are put together from events.
CREATE TEMP TABLE overnight AS
SELECT session, started_us, session_id, user_id, device_id, session_date
FROM sessions
WHERE last_date > session_date;

-- From the last activity of one day to the first of the next, each day has the
-- time on its side of midnight.
CREATE TEMP TABLE parts AS
WITH stepped AS (
    SELECT
        o.session,
        day_of(s.at_us) AS date,
        midnight(day_of(s.at_us)) AS midnight_us,
        s.at_us,
        n,
        event_name,
        CASE WHEN prev_background AND s.event <> o.session THEN prev_us END AS away_us,
        platform,
        country,
        app_version,
    FROM overnight AS o
    JOIN placed AS s ON s.session = o.session
    JOIN events AS e ON e.rowid = s.event
),
active AS (
    SELECT
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
    SELECT session, day_of(at_us) AS date, count(*) AS events
    FROM background SEMI JOIN overnight USING (session)
    GROUP BY ALL
)
SELECT
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
    sum(crash_count) OVER past AS crash_count_so_far,
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
FULL JOIN joined USING (session, date)
JOIN overnight USING (session)
WINDOW
    days AS (PARTITION BY session ORDER BY date),
    past AS (PARTITION BY session ORDER BY date ROWS UNBOUNDED PRECEDING);

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
    WHERE last_date = session_date AND asked(session_date)
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
    WHERE asked(date)
)
TO 'session_days' (FORMAT parquet, PARTITION_BY (date));

-- Steps of sessions --------------------------------------------------------------

-- What counts as activity and shows a screen, or means something beside the
-- session. A visit begins where another screen comes up.
CREATE TEMP TABLE moments AS
WITH shown AS (
    SELECT
        s.session,
        s.person,
        s.user_id,
        s.session_id,
        CASE WHEN s.last_date = s.session_date THEN s.session_date ELSE day_of(p.at_us) END AS date,
        s.ended_us,
        s.is_final,
        p.n,
        p.at_us,
        e.event_id,
        e.event_name,
        e.screen,
        e.campaign,
        is_view(e.event_name) AS is_view,
        coalesce(e.screen <> p.prev_screen OR p.n = s.first_shown_n, false) AS is_visit,
        p.prev_screen,
    FROM placed AS p
    JOIN events AS e ON e.rowid = p.event
    JOIN sessions AS s ON s.session = p.session
    WHERE
        is_install(e.event_name)
        OR is_push_open(e.event_name)
        OR (is_view OR is_visit) AND asked_between(s.session_date, s.last_date)
)
SELECT
    * EXCLUDE (prev_screen, ended_us),
    CASE WHEN is_visit THEN row_number() OVER alike END AS visit_number,
    CASE WHEN is_visit AND row_number() OVER alike > 1 THEN prev_screen END AS previous_screen,
    CASE WHEN is_visit THEN lead(screen) OVER alike END AS next_screen,
    CASE WHEN is_visit THEN coalesce(lead(at_us) OVER alike, ended_us) - at_us END AS visit_us,
    is_visit AND lead(n) OVER alike IS NULL AS is_last,
FROM shown
WINDOW alike AS (PARTITION BY session, is_visit ORDER BY n);

-- A push that is in no session is of the user whom it names, else of the one in
-- whose hands the device is: in the session before it on that day or going on
-- over midnight, else in the last one of the day.
CREATE TEMP TABLE pushes AS
WITH received AS (
    SELECT
        b.at_us,
        b.subject,
        b.session,
        b.session IS NOT NULL AS joined,
        s.session_id,
        s.user_id AS owner,
        s.session_date,
        s.ended_us,
        s.ended,
        day_of(b.at_us) AS date,
        e.user_id,
        e.event_id,
        e.event_name,
        e.screen,
        e.campaign,
    FROM background AS b
    JOIN events AS e ON e.rowid = b.event
    LEFT JOIN sessions AS s ON s.session = b.latest
    WHERE is_push(e.event_name)
),
last_owners AS (
    SELECT subject, session_date AS date, arg_max(user_id, started_us) AS owner FROM sessions GROUP BY ALL
)
SELECT
    r.date,
    CASE
        WHEN joined THEN r.owner
        WHEN r.user_id IS NOT NULL THEN r.user_id
        WHEN r.session_date = r.date OR r.ended_us >= midnight(r.date) THEN r.owner
        WHEN midnight(r.date) - r.ended_us <= timeout() THEN CASE WHEN r.ended THEN r.subject ELSE r.owner END
        ELSE coalesce(l.owner, r.subject)
    END AS user_id,
    r.session,
    CASE WHEN joined THEN r.session_id END AS session_id,
    r.at_us,
    r.event_id,
    r.event_name,
    r.screen,
    r.campaign,
FROM received AS r
LEFT JOIN last_owners AS l ON l.subject = r.subject AND l.date = r.date
UNION ALL
SELECT date, user_id, session, session_id, at_us, event_id, event_name, screen, campaign
FROM moments
WHERE role(event_name) IS NOT NULL;

COPY (
    WITH all_steps AS (
        SELECT
            date,
            user_id,
            session,
            session_id,
            at_us,
            event_id,
            event_name,
            is_visit,
            is_view,
            visit_number,
            screen,
            previous_screen,
            campaign,
        FROM moments
        UNION ALL
        SELECT date, user_id, session, session_id, at_us, event_id, event_name, false, false, NULL, screen, NULL, campaign
        FROM pushes
        WHERE is_push(event_name)
    )
    SELECT
        date,
        row_number() OVER (
            PARTITION BY date, user_id
            ORDER BY at_us, session NULLS FIRST, rank(event_name), event_id
        ) AS step_number,
        user_id,
        session_id,
        make_timestamptz(at_us) AS step_at,
        event_name,
        role(event_name) AS role,
        false AS is_declared,
        is_visit,
        is_view,
        visit_number,
        screen,
        previous_screen,
        campaign,
    FROM all_steps
    WHERE asked(date)
)
TO 'session_steps' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH days AS (
        SELECT
            user_id,
            event_name,
            date,
            count(*) AS events,
            min(at_us) AS first_us,
            {date: date, us: max(at_us), campaign: arg_max_null(campaign, at_us)} AS latest,
        FROM pushes
        GROUP BY user_id, event_name, date
    ),
    firsts AS (
        SELECT user_id, event_name, min(date) AS first_date, min(first_us) AS first_us FROM days GROUP BY ALL
    ),
    grid AS (
        SELECT
            user_id,
            event_name,
            first_date,
            first_us,
            CAST(unnest(generate_series(first_date, last.day, INTERVAL 1 DAY)) AS DATE) AS date,
        FROM firsts CROSS JOIN last
    ),
    known AS (
        SELECT
            g.*,
            coalesce(d.events, 0) AS events_1d,
            sum(d.events) OVER past AS events_total,
            list(d.events IS NOT NULL) OVER bits AS recent,
            last_value(d.latest IGNORE NULLS) OVER past AS last,
            last_value(d.latest IGNORE NULLS) OVER before AS before,
        FROM grid AS g
        LEFT JOIN days AS d ON d.user_id = g.user_id AND d.event_name = g.event_name AND d.date = g.date
        WINDOW
            past AS (PARTITION BY g.user_id, g.event_name ORDER BY g.date ROWS UNBOUNDED PRECEDING),
            before AS (PARTITION BY g.user_id, g.event_name ORDER BY g.date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            bits AS (PARTITION BY g.user_id, g.event_name ORDER BY g.date ROWS 62 PRECEDING)
    )
    SELECT
        date,
        user_id,
        event_name,
        role(event_name) AS role,
        make_timestamptz(first_us) AS first_at,
        first_date,
        make_timestamptz(last.us) AS last_at,
        last.date AS last_date,
        list_sum(list_transform(list_reverse(recent), lambda was, i: CASE WHEN was THEN 1::BIGINT << (i - 1) ELSE 0 END))::BIGINT AS days_bits,
        events_1d,
        events_total::BIGINT AS events_total,
        last.campaign AS last_campaign,
        make_timestamptz(before.us) AS before_at,
        before.campaign AS before_campaign,
    FROM known
    WHERE asked(date)
)
TO 'user_events' (FORMAT parquet, PARTITION_BY (date));

-- Users ----------------------------------------------------------------------

-- How far a session had come by the end of each day on which it was active.
CREATE TEMP TABLE reached AS
SELECT
    person,
    session_id,
    date,
    ended_us,
    crashed,
    NOT ended
    AND midnight(date + 1) - ended_us <= timeout()
    AND coalesce(next_us >= midnight(date + 1), true) AS may_go_on,
FROM (
    SELECT person, session_id, next_us, session_date AS date, ended_us, ended, crash_count > 0 AS crashed
    FROM sessions
    WHERE last_date = session_date
    UNION ALL
    SELECT s.person, s.session_id, s.next_us, p.date, p.last_us, p.ended, p.crash_count_so_far > 0
    FROM parts AS p
    JOIN sessions AS s USING (session)
    WHERE p.activity > 0
);

CREATE TEMP TABLE users AS
WITH firsts AS (
    SELECT
        person,
        user_id,
        session_date AS first_seen_date,
        session_id AS first_session_id,
        started_us AS first_started_us,
        platform AS first_platform,
        country AS first_country,
        app_version AS first_app_version,
        acquisition_source AS first_acquisition_source,
        campaign AS first_campaign,
    FROM sessions
    WHERE is_first_session
),
seconds AS (
    SELECT person, session_date AS second_date, started_us AS second_started_us FROM sessions WHERE user_session = 2
),
days AS (
    SELECT
        person,
        session_date AS date,
        count(*) AS sessions,
        quantile_disc(duration_us, 0.5) AS duration_p50_us,
        arg_max(platform, started_us) AS platform,
        arg_max(os_version, started_us) AS os_version,
        arg_max(device_model, started_us) AS device_model,
        arg_max(country, started_us) AS country,
        arg_max(app_version, started_us) AS app_version,
        arg_max(language, started_us) AS language,
    FROM sessions
    GROUP BY ALL
),
ends AS (
    SELECT
        person,
        date,
        arg_max(session_id, ended_us) AS session_id,
        arg_max(crashed, ended_us) AS crashed,
        max(ended_us) AS ended_us,
        bool_or(may_go_on) AS may_go_on,
    FROM reached
    GROUP BY ALL
),
grid AS (
    SELECT
        firsts.*,
        second_date,
        second_started_us,
        CAST(unnest(generate_series(first_seen_date, last.day, INTERVAL 1 DAY)) AS DATE) AS date,
    FROM firsts
    LEFT JOIN seconds USING (person)
    CROSS JOIN last
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
        list(coalesce(d.sessions, 0)) OVER bits AS recent,
        last_value(CASE WHEN d.sessions > 0 THEN g.date END IGNORE NULLS) OVER past AS last_seen_date,
        last_value(CASE WHEN d.sessions > 0 THEN g.date END IGNORE NULLS) OVER before AS previous_date,
        d.duration_p50_us,
        last_value(e.session_id IGNORE NULLS) OVER past AS last_session_id,
        last_value(e.ended_us IGNORE NULLS) OVER past AS last_ended_us,
        last_value(e.crashed IGNORE NULLS) OVER past AS last_session_crashed,
        coalesce(e.may_go_on, false) AS has_open_session,
        last_value(d.platform IGNORE NULLS) OVER past AS platform,
        last_value(d.os_version IGNORE NULLS) OVER past AS os_version,
        last_value(d.device_model IGNORE NULLS) OVER past AS device_model,
        last_value(d.country IGNORE NULLS) OVER past AS country,
        last_value(d.app_version IGNORE NULLS) OVER past AS app_version,
        last_value(d.language IGNORE NULLS) OVER past AS language,
        lead(coalesce(d.sessions, 0)) OVER (PARTITION BY g.person ORDER BY g.date) > 0 AS returned,
    FROM grid AS g
    LEFT JOIN days AS d ON d.person = g.person AND d.date = g.date
    LEFT JOIN ends AS e ON e.person = g.person AND e.date = g.date
    WINDOW
        past AS (PARTITION BY g.person ORDER BY g.date ROWS UNBOUNDED PRECEDING),
        before AS (PARTITION BY g.person ORDER BY g.date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        week AS (PARTITION BY g.person ORDER BY g.date ROWS 6 PRECEDING),
        month AS (PARTITION BY g.person ORDER BY g.date ROWS 27 PRECEDING),
        bits AS (PARTITION BY g.person ORDER BY g.date ROWS 62 PRECEDING)
)
SELECT * FROM windows WHERE asked(date);

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
        last_session_crashed,
        first_session_id,
        make_timestamptz(first_started_us) AS first_session_started_at,
        CASE WHEN second_date <= date THEN make_timestamptz(second_started_us) END AS second_session_started_at,
        first_seen_date AS first_opened_date,
        make_timestamptz(first_started_us) AS first_opened_at,
        NULL::TIMESTAMPTZ AS installed_at,
        NULL::DATE AS installed_date,
        0::BIGINT AS installs,
        first_platform,
        first_country,
        first_app_version,
        first_acquisition_source,
        first_campaign,
        platform,
        os_version,
        device_model,
        NULL::VARCHAR AS device_class,
        country,
        app_version,
        language,
        NULL::VARCHAR AS properties,
        NULL::VARCHAR AS segments,
        NULL::VARCHAR AS segments_before,
    FROM users
)
TO 'users' (FORMAT parquet, PARTITION_BY (date));

-- Daily tables ---------------------------------------------------------------

COPY (
    WITH sums AS (
        SELECT
            session_date AS date,
            CASE WHEN grouping(platform) = 1 THEN 'total' ELSE 'platform_country_version' END AS cut,
            NULL::VARCHAR AS segment,
            platform,
            country,
            app_version,
            count(*) AS sessions,
            count(DISTINCT person) AS users,
            count(*) FILTER (is_first_session) AS new_users,
            count(*) FILTER (is_engaged) AS engaged_sessions,
            count(*) FILTER (is_bounce) AS bounced_sessions,
            count(*) FILTER (crash_count > 0) AS crashed_sessions,
            count(*) FILTER (duration_seconds = 0) AS zero_length_sessions,
            sum(duration_us)::BIGINT AS duration_us,
            quantile_disc(sessions.duration_us, [0.1, 0.25, 0.5, 0.75, 0.9, 0.95]) AS p,
            sum(foreground_us)::BIGINT AS engaged_us,
            sum(event_count)::BIGINT AS events,
            sum(screen_views)::BIGINT AS screen_views,
        FROM sessions
        WHERE asked(session_date)
        GROUP BY GROUPING SETS ((session_date), (session_date, platform, country, app_version))
    )
    SELECT
        * EXCLUDE (duration_us, engaged_us, p),
        duration_us / 1e6 / sessions AS duration_mean_seconds,
        p[1] / 1e6 AS duration_p10_seconds,
        p[2] / 1e6 AS duration_p25_seconds,
        p[3] / 1e6 AS duration_p50_seconds,
        p[4] / 1e6 AS duration_p75_seconds,
        p[5] / 1e6 AS duration_p90_seconds,
        p[6] / 1e6 AS duration_p95_seconds,
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
            person,
            list_max(list_filter([0, 1, 3, 6, 12, 24, 48, 72, 168, 336, 672], lambda h: h * 3600 <= seconds_since_previous_session)) AS bucket,
        FROM sessions
        WHERE seconds_since_previous_session IS NOT NULL AND asked(session_date)
    ),
    measures AS (
        SELECT
            date,
            'active_users' AS measure,
            days AS window_days,
            NULL AS bucket,
            users,
            sessions,
            NULL::DOUBLE AS value,
            NULL::BIGINT AS users_at_least,
            NULL::DOUBLE AS share_at_least,
        FROM totals
        UNION ALL
        SELECT date, 'sessions_per_user', days, NULL, users, sessions, sessions / nullif(users, 0), NULL, NULL
        FROM totals
        UNION ALL
        SELECT
            b.date,
            b.measure,
            b.days,
            b.bucket,
            b.users,
            b.sessions,
            b.users / t.users,
            sum(b.users) OVER up::BIGINT,
            sum(b.users) OVER up / t.users,
        FROM buckets AS b
        JOIN totals AS t ON t.date = b.date AND t.days = b.days
        WINDOW up AS (PARTITION BY b.date, b.measure, b.days ORDER BY b.bucket DESC)
        UNION ALL
        SELECT
            date,
            'hours_since_previous',
            NULL,
            bucket,
            count(DISTINCT person),
            count(*),
            count(*) / sum(count(*)) OVER (PARTITION BY date),
            NULL,
            NULL,
        FROM intervals
        GROUP BY date, bucket
        UNION ALL
        SELECT t.date, 'stickiness', t.days, NULL, d.users, d.sessions, d.users / nullif(t.users, 0), NULL, NULL
        FROM totals AS t
        JOIN totals AS d ON d.date = t.date AND d.days = 1
        WHERE t.days > 1
        UNION ALL
        SELECT t.date, 'weekly_stickiness', t.days, NULL, d.users, d.sessions, d.users / nullif(t.users, 0), NULL, NULL
        FROM totals AS t
        JOIN totals AS d ON d.date = t.date AND d.days = 7
        WHERE t.days = 28
    )
    SELECT 'total' AS cut, NULL::VARCHAR AS segment, * FROM measures
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
    WITH visited AS (
        SELECT date, person, screen, count(*) AS visits FROM moments WHERE is_visit GROUP BY ALL
    ),
    top_screens AS (
        SELECT date, person, screen
        FROM visited
        QUALIFY row_number() OVER (PARTITION BY date, person ORDER BY visits DESC, screen) = 1
    ),
    members AS (
        SELECT
            date,
            person,
            returned,
            unnest(
                [
                    {
                        segmentation: 'lifecycle',
                        segment: CASE
                            WHEN sessions_1d = 0 THEN 'dormant'
                            WHEN first_seen_date = date THEN 'new'
                            WHEN date - previous_date <= 28 THEN 'returning'
                            ELSE 'resurrected'
                        END
                    },
                    {
                        segmentation: 'lifecycle_day',
                        segment: CASE
                            WHEN sessions_1d = 0 THEN 'dormant'
                            WHEN first_seen_date = date THEN 'new'
                            WHEN date - previous_date = 1 THEN 'returning'
                            ELSE 'resurrected'
                        END
                    }
                ]
                || CASE
                    WHEN active_28d > 0 THEN [
                        {
                            segmentation: 'activity_tier',
                            segment: CASE WHEN active_28d >= 14 THEN 'power' WHEN active_28d >= 4 THEN 'core' ELSE 'casual' END
                        },
                        {
                            segmentation: 'recency_frequency',
                            segment: CASE
                                WHEN first_seen_date = date THEN 'new'
                                WHEN date - previous_date = 1 THEN 'r1'
                                WHEN date - previous_date <= 7 THEN 'r2-7'
                                WHEN date - previous_date <= 28 THEN 'r8-28'
                                ELSE 'r29+'
                            END
                            || CASE
                                WHEN active_28d >= 14 THEN ' f14+'
                                WHEN active_28d >= 4 THEN ' f4-13'
                                WHEN active_28d >= 2 THEN ' f2-3'
                                ELSE ' f1'
                            END
                        }
                    ]
                    ELSE []
                END
                || CASE WHEN screen IS NOT NULL THEN [{segmentation: 'top_screen', segment: screen}] ELSE [] END
                || CASE
                    WHEN sessions_1d > 0 THEN [
                        {
                            segmentation: 'length_tier',
                            segment: CASE
                                WHEN duration_p50_us = 0 THEN 'zero'
                                WHEN duration_p50_us < 60_000_000 THEN 'under_1m'
                                WHEN duration_p50_us < 300_000_000 THEN '1m_to_5m'
                                WHEN duration_p50_us < 900_000_000 THEN '5m_to_15m'
                                ELSE '15m_or_more'
                            END
                        },
                        {segmentation: 'platform', segment: platform},
                        {segmentation: 'os_version', segment: os_version},
                        {segmentation: 'device_model', segment: device_model},
                        {segmentation: 'device_class', segment: NULL},
                        {segmentation: 'country', segment: country},
                        {segmentation: 'app_version', segment: app_version},
                        {segmentation: 'language', segment: language},
                        {segmentation: 'acquisition_source', segment: first_acquisition_source},
                        {segmentation: 'campaign', segment: first_campaign}
                    ]
                    ELSE []
                END,
                recursive := true
            ),
        FROM users
        LEFT JOIN top_screens USING (date, person)
    ),
    counts AS (
        SELECT date, segmentation, segment, count(*) AS users, count(returned) AS known, count(*) FILTER (returned) AS returned
        FROM members
        GROUP BY ALL
    ),
    lengths AS (
        SELECT m.date, segmentation, segment, count(*) AS sessions, quantile_disc(duration_us, 0.5) AS p50_us
        FROM members AS m
        JOIN sessions AS s ON s.session_date = m.date AND s.person = m.person
        GROUP BY ALL
    )
    SELECT
        c.date,
        c.segmentation,
        c.segment,
        c.users,
        coalesce(l.sessions, 0) AS sessions,
        l.p50_us / 1e6 AS duration_p50_seconds,
        CASE WHEN c.known > 0 THEN c.returned END AS returned_next_day_users,
        CASE WHEN c.known > 0 THEN c.returned / c.users END AS return_next_day_rate,
        c.date < (SELECT day FROM provisional) AS is_final,
    FROM counts AS c
    LEFT JOIN lengths AS l
        ON l.date = c.date AND l.segmentation = c.segmentation AND l.segment IS NOT DISTINCT FROM c.segment
)
TO 'daily_segments' (FORMAT parquet, PARTITION_BY (date));

COPY (
    SELECT
        date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        lapse_days,
        count(*) AS users,
        count(*) FILTER (sessions_1d > 0) AS active_users,
        count(*) FILTER (first_seen_date = date) AS new_users,
        count(*) FILTER (sessions_1d > 0 AND date - previous_date <= lapse_days) AS returning_users,
        count(*) FILTER (sessions_1d > 0 AND date - previous_date > lapse_days) AS resurrected_users,
        count(*) FILTER (sessions_1d = 0) AS dormant_users,
        count(*) FILTER (date - last_seen_date < lapse_days) AS recent_users,
        count(*) FILTER (date - last_seen_date = lapse_days) AS churned_users,
    FROM users CROSS JOIN (VALUES (1::BIGINT), (28)) AS lapses(lapse_days)
    GROUP BY ALL
)
TO 'daily_lifecycle' (FORMAT parquet, PARTITION_BY (date));

-- Each session by each measure of its length that is known.
CREATE TEMP TABLE lengths AS
SELECT
    session_date AS date,
    person,
    crash_count > 0 AS crashed,
    end_reason = 'cap' AS capped,
    unnest(['elapsed', 'engaged', 'foreground', 'crash_corrected']) AS measure,
    unnest([
        duration_us,
        foreground_us,
        CASE WHEN foreground_seconds IS NOT NULL THEN foreground_us END,
        coalesce(crash_corrected_us, duration_us)
    ]) AS length_us,
FROM sessions
WHERE asked(session_date);

COPY (
    WITH populations AS (
        SELECT 'all' AS population, date, measure, person, length_us FROM lengths
        UNION ALL
        SELECT 'capped', date, measure, person, length_us FROM lengths WHERE capped
        UNION ALL
        SELECT 'crashed', date, measure, person, length_us FROM lengths WHERE crashed
        UNION ALL
        SELECT 'regular', date, measure, person, length_us FROM lengths WHERE NOT capped AND NOT crashed
    ),
    sums AS (
        SELECT
            date,
            measure,
            population,
            count(*) AS sessions,
            count(DISTINCT person) AS users,
            count(*) FILTER (length_us = 0) AS zero_length_sessions,
            sum(length_us)::BIGINT AS length_us,
            quantile_disc(populations.length_us, [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]) AS p,
        FROM populations
        WHERE populations.length_us IS NOT NULL
        GROUP BY ALL
    )
    SELECT
        'total' AS cut,
        NULL::VARCHAR AS segment,
        * EXCLUDE (length_us, p),
        zero_length_sessions / sessions AS zero_length_share,
        length_us / 1e6 AS sum_seconds,
        length_us / 1e6 / sessions AS mean_seconds,
        p[1] / 1e6 AS p5_seconds,
        p[2] / 1e6 AS p10_seconds,
        p[3] / 1e6 AS p25_seconds,
        p[4] / 1e6 AS p50_seconds,
        p[5] / 1e6 AS p75_seconds,
        p[6] / 1e6 AS p90_seconds,
        p[7] / 1e6 AS p95_seconds,
        p[8] / 1e6 AS p99_seconds,
        p[9] / 1e6 AS max_seconds,
        date < (SELECT day FROM provisional) AS is_final,
    FROM sums
)
TO 'daily_length' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH edges AS (
        SELECT
            lag(up_to) OVER (ORDER BY up_to) AS over_seconds,
            up_to AS up_to_seconds,
            coalesce(up_to * 1_000_000, 9223372036854775807) AS up_to_us,
        FROM unnest([
            0, 1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600,
            28800, 43200, 86400, NULL
        ]::BIGINT[]) AS all_edges(up_to)
    ),
    buckets AS (
        SELECT date, measure, over_seconds, up_to_seconds, count(*) AS sessions, count(DISTINCT person) AS users
        FROM lengths
        ASOF JOIN edges ON edges.up_to_us >= lengths.length_us
        GROUP BY ALL
    )
    SELECT
        'total' AS cut,
        NULL::VARCHAR AS segment,
        *,
        sessions / sum(sessions) OVER whole AS share,
        sum(sessions) OVER so_far / sum(sessions) OVER whole AS cumulative_share,
        date < (SELECT day FROM provisional) AS is_final,
    FROM buckets
    WINDOW
        whole AS (PARTITION BY date, measure),
        so_far AS (PARTITION BY date, measure ORDER BY up_to_seconds NULLS LAST)
)
TO 'daily_length_histogram' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH sums AS (
        SELECT
            session_date AS date,
            count(*) AS sessions,
            count(DISTINCT person) AS users,
            sum(round(seconds_since_previous_session * 1e6)::BIGINT)::BIGINT AS away_us,
            quantile_disc(seconds_since_previous_session, [0.1, 0.25, 0.5, 0.75, 0.9]) AS p,
        FROM sessions
        WHERE seconds_since_previous_session IS NOT NULL AND asked(session_date)
        GROUP BY ALL
    )
    SELECT
        'total' AS cut,
        NULL::VARCHAR AS segment,
        date,
        sessions,
        users,
        away_us / 1e6 / sessions / 3600 AS mean_hours,
        p[1] / 3600 AS p10_hours,
        p[2] / 3600 AS p25_hours,
        p[3] / 3600 AS p50_hours,
        p[4] / 3600 AS p75_hours,
        p[5] / 3600 AS p90_hours,
    FROM sums
)
TO 'daily_interval' (FORMAT parquet, PARTITION_BY (date));

COPY (
    SELECT
        session_date AS date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        'reporting' AS clock,
        isodow(session_date) AS weekday,
        hour(started_at AT TIME ZONE 'Europe/Lisbon') AS hour,
        count(*) AS sessions,
        count(DISTINCT person) AS users,
        sum(foreground_us)::BIGINT / 1e6 AS engaged_seconds,
        date < (SELECT day FROM provisional) AS is_final,
    FROM sessions
    WHERE asked(session_date)
    GROUP BY ALL
)
TO 'daily_hours' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH returners AS (
        SELECT date, person FROM users WHERE returned
    ),
    sums AS (
        SELECT
            session_date AS date,
            CASE grouping(s.app_version, s.device_model, s.os_version)
                WHEN 3 THEN 'app_version'
                WHEN 5 THEN 'device_model'
                WHEN 6 THEN 'os_version'
                ELSE 'total'
            END AS cut,
            CASE grouping(s.app_version, s.device_model, s.os_version)
                WHEN 3 THEN s.app_version
                WHEN 5 THEN s.device_model
                WHEN 6 THEN s.os_version
            END AS segment,
            count(*) AS sessions,
            count(*) FILTER (crash_count > 0) AS crashed_sessions,
            sum(crash_count)::BIGINT AS crashes,
            count(DISTINCT s.person) AS users,
            count(DISTINCT s.person) FILTER (crash_count > 0) AS crashed_users,
            count(DISTINCT r.person) FILTER (crash_count > 0) AS returned,
            count(*) FILTER (is_after_crash) AS sessions_after_crash,
            quantile_disc(duration_us, 0.5) FILTER (is_after_crash) AS after_crash_p50_us,
        FROM sessions AS s
        LEFT JOIN returners AS r ON r.date = s.session_date AND r.person = CASE WHEN s.crash_count > 0 THEN s.person END
        WHERE asked(session_date)
        GROUP BY GROUPING SETS (
            (session_date),
            (session_date, s.app_version),
            (session_date, s.device_model),
            (session_date, s.os_version)
        )
    )
    SELECT
        * EXCLUDE (returned, after_crash_p50_us),
        (sessions - crashed_sessions) / sessions AS crash_free_session_rate,
        (users - crashed_users) / users AS crash_free_user_rate,
        CASE WHEN date < last.day THEN returned END AS crashed_users_returned_next_day,
        CASE WHEN date < last.day THEN returned / nullif(crashed_users, 0) END AS crashed_users_return_rate,
        after_crash_p50_us / 1e6 AS after_crash_duration_p50_seconds,
        date < (SELECT day FROM provisional) AS is_final,
    FROM sums CROSS JOIN last
)
TO 'daily_stability' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH cohorts AS (
        SELECT
            u.date,
            (u.date - u.first_seen_date)::BIGINT AS day_n,
            u.first_seen_date AS cohort_date,
            CASE WHEN u.date = u.first_seen_date THEN s.duration_us END AS duration_us,
            CASE WHEN u.date = u.first_seen_date THEN s.screen_views END AS screen_views,
            s.is_engaged AND u.date = u.first_seen_date AS is_engaged,
            s.is_bounce AND u.date = u.first_seen_date AS is_bounce,
            CASE WHEN second_date <= u.date THEN second_started_us - first_started_us END AS second_us,
        FROM users AS u
        JOIN sessions AS s ON s.is_first_session AND s.person = u.person
        WHERE u.date - u.first_seen_date IN (0, 1, 7, 28)
    )
    SELECT
        date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        day_n,
        cohort_date,
        count(*) AS users,
        sum(duration_us)::BIGINT / 1e6 / count(duration_us) AS duration_mean_seconds,
        quantile_disc(duration_us, 0.5) / 1e6 AS duration_p50_seconds,
        sum(screen_views)::BIGINT AS screen_views,
        sum(screen_views)::BIGINT / count(*) AS screens_per_session,
        CASE WHEN day_n = 0 THEN count(*) FILTER (is_engaged) END AS engaged_sessions,
        CASE WHEN day_n = 0 THEN count(*) FILTER (is_bounce) END AS bounced_sessions,
        CASE WHEN day_n = 0 THEN 0::BIGINT END AS installed_users,
        NULL::DOUBLE AS install_to_first_p50_seconds,
        NULL::BIGINT AS onboarded_users,
        count(second_us) AS second_session_users,
        count(second_us) / count(*) AS second_session_share,
        quantile_disc(second_us, 0.5) / 1e6 AS first_to_second_p50_seconds,
        date < (SELECT day FROM provisional) AS is_final,
    FROM cohorts
    GROUP BY date, day_n, cohort_date
)
TO 'daily_first_sessions' (FORMAT parquet, PARTITION_BY (date));

-- A session is put down to the last push opened within the window before it,
-- else to the last one received.
COPY (
    WITH opened AS (
        SELECT s.session_date AS date, s.user_id, s.started_us, p.at_us, p.campaign
        FROM sessions AS s
        ASOF LEFT JOIN (SELECT * FROM pushes WHERE is_push_open(event_name)) AS p
            ON p.user_id = s.user_id AND p.at_us <= s.started_us
    ),
    began AS (
        SELECT
            o.date,
            o.user_id,
            CASE
                WHEN o.started_us - o.at_us <= push_window() THEN 'after_open'
                WHEN o.started_us - p.at_us <= push_window() THEN 'after_received'
                ELSE 'no_push'
            END AS what,
            CASE WHEN what = 'after_open' THEN o.campaign ELSE p.campaign END AS campaign,
        FROM opened AS o
        ASOF LEFT JOIN (SELECT * FROM pushes WHERE is_push(event_name)) AS p
            ON p.user_id = o.user_id AND p.at_us <= o.started_us
    ),
    facts AS (
        SELECT date, user_id, CASE WHEN is_push(event_name) THEN 'received' ELSE 'opened' END AS what, campaign FROM pushes
        UNION ALL
        SELECT date, user_id, what, campaign FROM began
    ),
    scoped AS (
        SELECT date, user_id, what, 'all' AS scope, NULL AS campaign FROM facts
        UNION ALL
        SELECT date, user_id, what, 'campaign', campaign FROM facts WHERE what <> 'no_push'
    )
    SELECT
        date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        scope,
        campaign,
        count(DISTINCT user_id) AS users,
        count(*) FILTER (what = 'received') AS pushes_received,
        count(DISTINCT user_id) FILTER (what = 'received') AS reached_users,
        count(*) FILTER (what = 'opened') AS pushes_opened,
        count(DISTINCT user_id) FILTER (what = 'opened') AS opening_users,
        pushes_opened / nullif(pushes_received, 0) AS open_rate,
        count(*) FILTER (what = 'after_open') AS sessions_after_open,
        count(DISTINCT user_id) FILTER (what = 'after_open') AS users_after_open,
        count(*) FILTER (what = 'after_received') AS sessions_after_received,
        count(DISTINCT user_id) FILTER (what = 'after_received') AS users_after_received,
        CASE WHEN scope = 'all' THEN count(*) FILTER (what = 'no_push') END AS sessions_without_push,
        date < (SELECT day FROM provisional) AS is_final,
    FROM scoped
    WHERE date >= (SELECT min(date) FROM pushes) AND asked(date)
    GROUP BY date, scope, campaign
)
TO 'daily_push' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH active AS (
        SELECT date, count(DISTINCT person) AS active_users
        FROM reached
        GROUP BY ALL
    ),
    sums AS (
        SELECT
            date,
            screen,
            count(*) FILTER (is_view) AS views,
            count(*) FILTER (is_visit) AS visits,
            count(DISTINCT person) FILTER (is_visit) AS users,
            count(DISTINCT session) FILTER (is_visit) AS sessions,
            sum(visit_us)::BIGINT AS time_us,
            quantile_disc(visit_us, 0.5) AS p50_us,
            count(*) FILTER (visit_number = 1) AS entries,
            count(*) FILTER (is_last) AS exits,
            sum(visit_number)::BIGINT AS positions,
            count(*) FILTER (is_last AND NOT is_final) = 0 AS known,
        FROM moments
        WHERE screen IS NOT NULL AND (is_view OR is_visit) AND asked(date)
        GROUP BY ALL
    )
    SELECT
        date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        screen,
        views,
        visits,
        users,
        sessions,
        active_users,
        users / active_users AS reach,
        CASE WHEN known THEN coalesce(time_us, 0) / 1e6 END AS time_on_screen_seconds,
        CASE WHEN known THEN time_us / 1e6 / visits END AS visit_mean_seconds,
        CASE WHEN known THEN p50_us / 1e6 END AS visit_p50_seconds,
        entries,
        CASE WHEN known THEN s.exits END AS exits,
        CASE WHEN known THEN s.exits / nullif(visits, 0) END AS exit_rate,
        CASE WHEN known THEN s.exits / nullif(sessions, 0) END AS drop_off_rate,
        positions / nullif(visits, 0) AS position_mean,
        date < (SELECT day FROM provisional) AS is_final,
    FROM sums AS s
    JOIN active USING (date)
)
TO 'daily_screens' (FORMAT parquet, PARTITION_BY (date));

COPY (
    WITH sums AS (
        SELECT
            date,
            screen AS from_screen,
            next_screen AS to_screen,
            is_last AND NOT is_final AS unknown,
            count(*) AS transitions,
            count(DISTINCT person) AS users,
            count(DISTINCT session) AS sessions,
        FROM moments
        WHERE is_visit AND asked(date)
        GROUP BY ALL
    ),
    shares AS (
        SELECT
            *,
            CASE WHEN NOT bool_or(unknown) OVER whole THEN transitions / sum(transitions) OVER whole END AS share,
        FROM sums
        WINDOW whole AS (PARTITION BY date, from_screen)
    )
    SELECT
        date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        from_screen,
        to_screen,
        transitions,
        users,
        sessions,
        share,
        date < (SELECT day FROM provisional) AS is_final,
    FROM shares
    WHERE NOT unknown
)
TO 'daily_transitions' (FORMAT parquet, PARTITION_BY (date));

COPY (
    SELECT
        session_date AS date,
        'total' AS cut,
        NULL::VARCHAR AS segment,
        least(distinct_screens, 20) AS distinct_screens,
        count(*) AS sessions,
        count(DISTINCT person) AS users,
        count(*) / sum(count(*)) OVER (PARTITION BY session_date) AS share,
        session_date < (SELECT day FROM provisional) AS is_final,
    FROM sessions AS s
    WHERE asked(session_date)
    GROUP BY session_date, least(s.distinct_screens, 20)
)
TO 'daily_depth' (FORMAT parquet, PARTITION_BY (date));

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
    WHERE asked(day_of(slot * 900_000_000))
    GROUP BY ALL
)
TO 'daily_ledger' (FORMAT parquet, PARTITION_BY (date));
