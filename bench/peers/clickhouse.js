// Does the part of the job that is in clickhouse.sql with chDB:
// node clickhouse.js FORMAT PATTERN DIRECTORY.
const fs = require("fs");
const path = require("path");
const chdb = require("chdb");

const [format, pattern, out] = process.argv.slice(2);
const records = {
  ndjson: `
    SELECT
        event_id, user_id, device_id, event_name,
        parseDateTime64BestEffortOrNull(timestamp, 6, 'UTC') AS at,
        parseDateTime64BestEffortOrNull(received_at, 6, 'UTC') AS received
    FROM file('${pattern}', JSONEachRow,
        'event_id String, user_id Nullable(String), device_id Nullable(String), event_name String,
        timestamp Nullable(String), received_at Nullable(String)')`,
  parquet: `
    SELECT event_id, user_id, device_id, event_name, timestamp AS at, received_at AS received
    FROM file('${pattern}', Parquet)`,
};

const sql = fs.readFileSync(path.join(__dirname, "clickhouse.sql"), "utf8").replace("RECORDS", records[format]);
const days = chdb.query(sql, "CSVWithNames").replaceAll('"', "");
fs.mkdirSync(out, { recursive: true });
fs.writeFileSync(path.join(out, "days.csv"), days);
