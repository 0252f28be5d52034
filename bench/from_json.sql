-- The records of the raw objects, which the variable raw is the pattern of.
-- Lines that are no JSON come as rows of nulls.
CREATE TEMP VIEW raw_events AS
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
);
