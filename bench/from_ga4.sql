-- The records of the raw objects, which the variable raw is the pattern of, where
-- these are of the GA4 export. It has no ids of events and does not say when
-- they were received; deliveries of an event are equal.
CREATE TEMP MACRO parameter(params, name) AS list_extract(list_filter(params, lambda p: p.key = name), 1).value;

CREATE TEMP VIEW raw_events AS
SELECT
    hash(event_name, event_timestamp, user_id, user_pseudo_id, event_bundle_sequence_id, event_params)::VARCHAR AS event_id,
    user_id,
    user_pseudo_id AS device_id,
    event_name,
    make_timestamp(event_timestamp) AS timestamp,
    NULL::TIMESTAMP AS received_at,
    parameter(event_params, 'ga_session_id').int_value::VARCHAR AS session_id,
    parameter(event_params, 'firebase_screen').string_value AS screen,
    platform,
    device.operating_system_version AS os_version,
    app_info.version AS app_version,
    device.mobile_model_name AS device_model,
    geo.country AS country,
    device.language AS language,
    traffic_source.source AS acquisition_source,
    traffic_source.name AS campaign,
FROM read_json(
    getvariable('raw'),
    format = 'newline_delimited',
    ignore_errors = true,
    columns = {
        event_timestamp: 'BIGINT', event_name: 'VARCHAR', event_bundle_sequence_id: 'BIGINT',
        event_params: 'STRUCT("key" VARCHAR, "value" STRUCT(string_value VARCHAR, int_value BIGINT))[]',
        user_id: 'VARCHAR', user_pseudo_id: 'VARCHAR', platform: 'VARCHAR',
        device: 'STRUCT(mobile_model_name VARCHAR, operating_system_version VARCHAR, language VARCHAR)',
        geo: 'STRUCT(country VARCHAR)', app_info: 'STRUCT(version VARCHAR)',
        traffic_source: 'STRUCT(source VARCHAR, name VARCHAR)'
    }
);
