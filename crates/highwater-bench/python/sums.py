"""Prints how many records the Parquet files below a folder hold and the sum of their delivered seconds, in microseconds."""

import json
import pathlib
import sys

import duckdb


def sums(folder):
    files = [str(path) for path in sorted(pathlib.Path(folder).rglob("*.parquet"))]
    query = "SELECT count(*), sum(CAST(round(delivered_seconds * 1000000) AS BIGINT)) FROM read_parquet(?)"
    rows, micros = duckdb.connect().execute(query, [files]).fetchone()
    return {"rows": rows, "micros": int(micros)}


if __name__ == "__main__":
    print(json.dumps(sums(sys.argv[1])))
