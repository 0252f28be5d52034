// Prints the versions of the peers.
const chdb = require("chdb");
const dependencies = require("./package.json").dependencies;

const clickhouse = chdb.query("SELECT version()", "TSVRaw").trim();
console.log(`Node ${process.version}, chDB ${dependencies.chdb} with ClickHouse ${clickhouse}, Polars for Node ${dependencies["nodejs-polars"]}`);
