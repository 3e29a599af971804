"""Asks five questions of a day in DuckDB and prints for each how long it took and how many bytes were read from files."""

import json
import pathlib
import sys
import time

import duckdb

HIGHWATER = {
    "one resource": "SELECT bucket_start, delivered_seconds FROM usage WHERE resource_type = 'asset' AND resource_id = '{id}' ORDER BY 1",
    "usage by hour": "SELECT bucket_start, sum(delivered_seconds) FROM usage GROUP BY 1 ORDER BY 1",
    "top ten resources": "SELECT resource_id, sum(delivered_seconds) FROM usage GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "usage by rendition": "SELECT rendition, sum(delivered_seconds) FROM renditions GROUP BY 1 ORDER BY 1",
    "total of the day": "SELECT count(*), sum(delivered_seconds) FROM usage",
}
# dlt keeps no hour beside its rows: what it cannot answer is left out.
DLT = {
    "one resource": "SELECT delivered_seconds FROM usage WHERE asset_id = '{id}'",
    "top ten resources": "SELECT asset_id, sum(delivered_seconds) FROM usage GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "usage by rendition": "SELECT sum(delivered_seconds_by_resolution__tier_720p), sum(delivered_seconds_by_resolution__tier_1080p), sum(delivered_seconds_by_resolution__tier_2160p) FROM usage",
    "total of the day": "SELECT count(*), sum(delivered_seconds) FROM usage",
}


def bytes_read():
    with open("/proc/self/io", encoding="ascii") as counters:
        return int(next(counters).split()[1])


def files(folder):
    return sorted(str(path) for path in pathlib.Path(folder).rglob("*.parquet"))


def connect(kind, folder):
    connection = duckdb.connect()
    tables = {"usage": folder}
    if kind == "highwater":
        root = pathlib.Path(folder)
        tables = {"usage": root / "resource_usage", "renditions": root / "resource_usage_by_rendition"}
    for name, place in tables.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files(place)})")
    return connection


def main():
    kind, folder = sys.argv[1:]
    questions = HIGHWATER if kind == "highwater" else DLT
    key = "resource_id" if kind == "highwater" else "asset_id"
    some = connect(kind, folder).execute(f"SELECT {key} FROM usage ORDER BY hash({key}) LIMIT 1").fetchone()[0]
    costs = {}
    for name, query in questions.items():
        connection = connect(kind, folder)
        before, started = bytes_read(), time.perf_counter()
        connection.execute(query.format(id=some)).fetchall()
        costs[name] = {
            "milliseconds": (time.perf_counter() - started) * 1000,
            "bytes_read": bytes_read() - before,
        }
    print(json.dumps({"questions": costs}))


if __name__ == "__main__":
    main()
