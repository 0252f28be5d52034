// Does the part of the job that is in ../part.sql with Polars:
// node polars.js FORMAT PATTERN DIRECTORY.
const fs = require("fs");
const path = require("path");
const pl = require("nodejs-polars");

const [format, pattern, out] = process.argv.slice(2);
const columns = ["event_id", "user_id", "device_id", "event_name", "timestamp", "received_at"];
const records = {
  ndjson: () =>
    pl
      .scanJson(pattern, { schema: Object.fromEntries(columns.map((name) => [name, pl.Utf8])), ignoreErrors: true })
      .withColumns(instant("timestamp"), instant("received_at")),
  parquet: () => pl.scanParquet(pattern).select(...columns),
};

function instant(column) {
  return pl.col(column).str.strptime(pl.Datetime, "%Y-%m-%dT%H:%M:%S%.fZ").dt.replaceTimeZone("UTC");
}

const known = (column) => pl.when(pl.col(column).neq(pl.lit(""))).then(pl.col(column)).otherwise(pl.lit(null));
const day = (column) => column.dt.convertTimeZone("Europe/Lisbon").dt.strftime("%Y-%m-%d");
const at = pl.col("at_us");

const events = records[format]()
  .withColumns(
    known("device_id").fillNull(known("user_id")).alias("subject"),
    pl.col("timestamp").cast(pl.Int64).alias("at_us"),
    pl.col("received_at").cast(pl.Int64).alias("received_us"),
  )
  .filter(
    pl.col("event_name").neq(pl.lit(""))
      .and(pl.col("subject").isNotNull())
      .and(at.gtEq(pl.lit(Date.UTC(2000, 0) * 1000)))
      .and(at.sub(pl.col("received_us")).ltEq(pl.lit(24 * 3600 * 1e6))),
  )
  .withColumns(
    day(pl.col("timestamp")).alias("day"),
    pl.col("event_name").eq(pl.lit("session_end")).alias("ends"),
  )
  .sort(["received_us", "at_us"])
  .unique({ subset: ["subject", "day", "event_id"], keep: "first", maintainOrder: true });

const placed = events
  .filter(pl.col("event_name").isIn(["push_received", "background_refresh"]).not())
  .sort(["subject", "at_us", "ends", "event_id"])
  .withColumns(
    pl.col("subject").shift(1).neq(pl.col("subject"))
      .or(at.sub(at.shift(1)).gt(pl.lit(1800 * 1e6)))
      .or(pl.col("ends").shift(1))
      .fillNull(true)
      .alias("fresh"),
  )
  .filter(pl.col("fresh").and(pl.col("ends")).not())
  .withColumns(pl.col("fresh").cast(pl.Int64).cumSum().alias("session"));

const sessions = placed
  .groupBy("session")
  .agg(
    pl.col("subject").first(),
    day(pl.col("timestamp").min()).alias("date"),
    at.max().sub(at.min()).alias("duration_us"),
    pl.col("event_id").count().alias("events"),
    pl.col("event_name").eq(pl.lit("screen_view")).sum().alias("screen_views"),
    pl.col("event_name").eq(pl.lit("app_crash")).max().alias("crashed"),
  );

const days = sessions
  .groupBy("date")
  .agg(
    pl.col("session").count().alias("sessions"),
    pl.col("subject").nUnique().alias("subjects"),
    pl.col("crashed").sum().alias("crashed_sessions"),
    pl.col("events").sum(),
    pl.col("screen_views").sum(),
    pl.col("duration_us").sum(),
    pl.col("duration_us").quantile(0.5, "lower").cast(pl.Int64).alias("duration_p50_us"),
  )
  .sort("date");

fs.mkdirSync(out, { recursive: true });
days.collectSync().writeCSV(path.join(out, "days.csv"));
