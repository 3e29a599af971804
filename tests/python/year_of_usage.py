"""Writes a year of hourly usage of 2,000 resources in the warehouse's layout, and measures what analysts ask first.

    target/python/bin/python tests/python/year_of_usage.py --dir /tmp/year

The rows are made up; columns, types, sorting, row groups, encodings and places are those of the warehouse, and the
views are those of `highwater sql duckdb`. Each question is asked twice in a session of its own, over the folder and over S3
(moto on loopback). Bytes and requests are those that DuckDB's own log tells; the first figures include making the views.

The last result stands in schemas/README.md.
"""

import argparse
import datetime
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import duckdb
import duckdb_extension_httpfs
import pyarrow
import pyarrow.parquet
import sqlglot

ROOT = pathlib.Path(__file__).parents[2]
os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
SOURCES = """
[[source]]
name = "mux-prod"
provider = "mux"
token_id = { env = "UNUSED" }
token_secret = { env = "UNUSED" }
[[source]]
name = "wowza-main"
provider = "wowza"
token = { env = "UNUSED" }
"""
FIRST_DAY = datetime.date(2025, 10, 1)
DAYS = 365
ARROW = {
    "string": pyarrow.string(),
    "bigint": pyarrow.int64(),
    "decimal(18,6)": pyarrow.decimal128(18, 6),
    "timestamp": pyarrow.timestamp("ms"),
    "boolean": pyarrow.bool_(),
}
SECONDS = "(hash({0}, i, d, h) % 3600000000 / 1000000)::DECIMAL(18,6)"
COUNT = "(hash({0}, i, d, h) % 1000000000)::BIGINT"

# Source, dataset, provider, kind of resource, how many, and what is reported of each by the hour: 2,000 resources.
DATASETS = [
    ("mux-prod", "delivery_usage", "mux", "asset", 1200, {"delivered_seconds": SECONDS}),
    ("wowza-main", "transcoders", "wowza", "transcoder", 300, {"egress_seconds": SECONDS, "egress_bytes": COUNT}),
    (
        "wowza-main",
        "vod_streams",
        "wowza",
        "vod_stream",
        500,
        {"delivered_seconds": SECONDS, "delivered_bytes": COUNT, "unique_viewers": COUNT},
    ),
    ("wowza-main", "vod_egress", "wowza", "vod_stream", 500, {"egress_bytes": COUNT}),
]

QUESTIONS = {
    "usage by day of one month": """
        SELECT usage_date, provider, sum(delivered_seconds) / 3600 AS hours FROM usage_by_day
        WHERE usage_date >= DATE '2026-09-01' GROUP BY ALL ORDER BY ALL""",
    "top ten resources of one month": """
        SELECT * FROM top_resources WHERE month = DATE '2026-09-01' AND rank_by_delivered_seconds <= 10""",
    "month totals of the year, with coverage": "SELECT * FROM month_totals ORDER BY ALL",
    "one resource by day, the whole year": """
        SELECT usage_date, sum(delivered_seconds) AS seconds FROM resource_usage
        WHERE provider = 'mux' AND resource_type = 'asset' AND resource_id = md5('asset700') GROUP BY ALL ORDER BY ALL""",
    "one day by the hour": """
        SELECT bucket_start, provider, sum(delivered_seconds) AS seconds FROM resource_usage
        WHERE usage_date = DATE '2026-09-15' GROUP BY ALL ORDER BY ALL""",
}


def tables():
    """The Arrow schema of each table, as Athena's statements have its columns."""
    found = {}
    for text in (ROOT / "schemas/sql/athena.sql").read_text().split(";\n"):
        tree = sqlglot.parse_one(text, read="athena") if "CREATE EXTERNAL TABLE" in text else None
        if tree is not None:
            columns = [(c.name, c.args["kind"].sql(dialect="hive").lower().replace(" ", "")) for c in tree.this.expressions]
            found[tree.this.this.name.removesuffix("_reported")] = columns
    return found


def write(connection, folder, table, columns, dataset, day, values, rows, order):
    source, name, provider = dataset[:3]
    place = folder / "data" / table / f"provider={provider}" / f"usage_date={day}" / f"{source}.{name}.parquet"
    place.parent.mkdir(parents=True, exist_ok=True)
    sql_type = {"string": "VARCHAR"}
    selected = ", ".join(f"({values.get(column, 'NULL')})::{sql_type.get(kind, kind)} AS \"{column}\"" for column, kind in columns)
    found = connection.execute(f"SELECT {selected} FROM {rows} ORDER BY {order}").to_arrow_table()
    found = found.cast(pyarrow.schema([(column, ARROW[kind]) for column, kind in columns]))
    numbers = [column for column, kind in columns if kind not in ("string", "boolean")]
    pyarrow.parquet.write_table(
        found,
        place,
        row_group_size=32_768,
        compression="zstd",
        compression_level=1,
        use_dictionary=[column for column, kind in columns if kind == "string"],
        column_encoding={column: "DELTA_BINARY_PACKED" for column in numbers},
        store_decimal_as_integer=True,
        write_page_index=True,
    )


def write_day(connection, folder, columns, day):
    midnight = f"TIMESTAMP '{day}'"
    for dataset in DATASETS:
        source, name, _, kind, count, measures = dataset
        own = {"source": f"'{source}'", "dataset": f"'{name}'", "run_id": f"'run-{day}'"}
        own |= {"extracted_at": f"{midnight} + INTERVAL 75 HOUR", "as_of": f"{midnight} + INTERVAL 76 HOUR"}
        key = {"resource_type": f"'{kind}'", "resource_id": f"md5('{kind}' || i)"}
        bucket = {"bucket_start": f"{midnight} + to_hours(h)", "bucket_end": f"{midnight} + to_hours(h + 1)"}
        said = {measure: how.format(f"'{measure}'") for measure, how in measures.items()}
        rows = f"range({count}) r(i), range(24) t(h), (SELECT '{day}' AS d)"
        order = "resource_id, bucket_start"
        write(connection, folder, "resource_usage", columns["resource_usage"], dataset, day, own | key | bucket | said, rows, order)
        bucket = {"bucket_start": f"{midnight} + INTERVAL 23 HOUR", "bucket_end": f"{midnight} + INTERVAL 24 HOUR"}
        named = {"name": f"'{kind} ' || i"}
        if name != "vod_egress":
            write(connection, folder, "resources", columns["resources"], dataset, day, own | key | bucket | named, f"range({count}) r(i)", order)
        window = {"window_start": f"{midnight}", "window_end": f"{midnight} + INTERVAL 1 DAY", "state": "'final'", "rows": str(count * 24)}
        window |= {"verdict": "'match'", "rejected_rows": "0", "pulls": "3"}
        write(connection, folder, "coverage", columns["coverage"], dataset, day, own | window, "range(1)", "window_start")


def generate(folder):
    connection, columns = duckdb.connect(), tables()
    for day in range(DAYS):
        write_day(connection, folder, columns, FIRST_DAY + datetime.timedelta(days=day))


def objects(folder):
    return sorted((folder / "data").rglob("*.parquet"))


def serve(folder, bucket):
    """Moto with all objects in it: the process and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [pathlib.Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5)
            break
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None:
                sys.exit("moto_server does not start")
            time.sleep(0.1)
    store = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ["AWS_REGION"])
    store.create_bucket(Bucket=bucket)
    for path in objects(folder):
        store.put_object(Bucket=bucket, Key=f"usage/{path.relative_to(folder)}", Body=path.read_bytes())
    return server, port


def script(highwater, url, options):
    """What `highwater sql duckdb` prints for the warehouse at `url`."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "highwater.toml"
        config.write_text(f'[warehouse]\nurl = "{url}"\n{options}[defaults]\nstart = "{FIRST_DAY}"\n{SOURCES}')
        command = [highwater, "--config", config, "sql", "duckdb"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def session(script, port):
    """A session with the views, what was read for them still in its log, and the seconds they took."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    if port:
        extension = next(pathlib.Path(duckdb_extension_httpfs.__file__).parent.glob("extensions/*/httpfs.duckdb_extension"))
        connection.execute(f"LOAD '{extension}'")
    connection.execute("CALL enable_logging('HTTP')" if port else "CALL enable_logging('FileSystem')")
    connection.execute("SET threads = 2")
    started = time.perf_counter()
    connection.execute(script)
    return connection, time.perf_counter() - started


def read(connection, port):
    """Requests and bytes since the log was last emptied."""
    if port:
        sql = """SELECT count(*), coalesce(sum(coalesce(TRY_CAST(response.headers['Content-Length'] AS BIGINT),
                   TRY_CAST(response.headers['content-length'] AS BIGINT), 0)) FILTER (request.type = 'GET'), 0)
                 FROM duckdb_logs_parsed('HTTP')"""
    else:
        sql = "SELECT count(*), coalesce(sum(bytes), 0) FROM duckdb_logs_parsed('FileSystem') WHERE op = 'READ'"
    figures = connection.execute(sql).fetchone()
    connection.execute("CALL truncate_duckdb_logs()")
    return figures


def measure(script, port):
    for question, sql in QUESTIONS.items():
        connection, made = session(script, port)
        cells = []
        for extra in (made, 0):
            started = time.perf_counter()
            rows = connection.execute(sql).fetchall()
            seconds = time.perf_counter() - started + extra
            requests, size = read(connection, port)
            cells.append(f"{seconds:.2f} s | {size / 1e6:.2f} MB | {requests:,}")
        if not rows:
            sys.exit(f"nothing was found: {question}")
        print(f"| {'S3' if port else 'folder'} | {question} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=pathlib.Path, required=True, help="the warehouse; written when there is none")
    parser.add_argument("--highwater", type=pathlib.Path, default=ROOT / "target/debug/highwater")
    arguments = parser.parse_args()
    folder = arguments.dir.resolve()
    if not objects(folder):
        generate(folder)
    found = objects(folder)
    rows = duckdb.execute(f"SELECT count(*) FROM read_parquet('{folder}/data/resource_usage/*/*/*.parquet')").fetchone()[0]
    size = sum(path.stat().st_size for path in found) / 1e6
    print(f"{rows:,} rows of usage, {len(found):,} objects, {size:,.0f} MB\n")
    print("| over | question | first | read | requests | again | read | requests |\n|---|---|---|---|---|---|---|---|")
    measure(script(arguments.highwater, folder, ""), None)
    server, port = serve(folder, "acme")
    try:
        options = f'options = {{ aws_endpoint = "http://127.0.0.1:{port}", aws_allow_http = "true" }}\n'
        measure(script(arguments.highwater, "s3://acme/usage", options), port)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
