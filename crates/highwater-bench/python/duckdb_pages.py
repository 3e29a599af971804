"""Turns the JSON pages in a folder into zstd Parquet with DuckDB, on every core:

guessed  one table with a row a record, as DuckDB comes: it finds out the columns by itself
one      the same as directly as it can: columns told, rows in any order
three    the three sorted tables that Highwater makes of the pages, columns told
"""

import json
import os
import sys
import time

import duckdb

COLUMNS = """{
    total_row_count: 'BIGINT', timeframe: 'BIGINT[]', page: 'BIGINT', "limit": 'BIGINT',
    data: 'STRUCT(live_stream_id VARCHAR, asset_id VARCHAR, passthrough VARCHAR, created_at VARCHAR, deleted_at VARCHAR,
        asset_state VARCHAR, asset_duration DECIMAL(18,6), asset_resolution_tier VARCHAR, asset_encoding_tier VARCHAR,
        asset_video_quality VARCHAR, delivered_seconds DECIMAL(18,6), delivered_seconds_by_resolution STRUCT(
            tier_2160p DECIMAL(18,6), tier_1440p DECIMAL(18,6), tier_1080p DECIMAL(18,6), tier_720p DECIMAL(18,6),
            tier_audio_only DECIMAL(18,6)))[]'
}"""

ROWS = "SELECT timeframe[1] AS bucket_start, timeframe[2] AS bucket_end, unnest(data, recursive := true) FROM"
KEY = "asset_id AS resource_id, bucket_start, bucket_end"
TABLES = {
    "usage": f"SELECT {KEY}, delivered_seconds FROM rows ORDER BY resource_id, bucket_start",
    "renditions": f"""
        SELECT {KEY}, rendition, seconds AS rendition_seconds
        FROM (UNPIVOT rows ON tier_2160p, tier_1440p, tier_1080p, tier_720p, tier_audio_only
              INTO NAME rendition VALUE seconds)
        ORDER BY resource_id, bucket_start, rendition""",
    "resources": f"""
        SELECT {KEY}, live_stream_id, passthrough, to_timestamp(created_at::BIGINT) AS created_at,
            to_timestamp(deleted_at::BIGINT) AS deleted_at, asset_resolution_tier, asset_video_quality, asset_duration
        FROM rows ORDER BY resource_id, bucket_start""",
}


def convert(connection, way, pages, target):
    copied = f"TO '{target}/usage.parquet' (FORMAT parquet, COMPRESSION zstd)"
    if way == "guessed":
        connection.execute(f"COPY ({ROWS} read_json('{pages}/*.json')) {copied}")
        return
    connection.execute("SET preserve_insertion_order = false")
    rows = f"{ROWS} read_json('{pages}/*.json', format = 'newline_delimited', columns = {COLUMNS})"
    if way == "three":
        connection.execute(f"CREATE TEMP TABLE rows AS {rows}")
        for name, query in TABLES.items():
            connection.execute(f"COPY ({query}) TO '{target}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    else:
        connection.execute(f"COPY ({rows}) {copied}")


def main():
    way, pages, target = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"SET threads = {os.cpu_count()}")
    started = time.perf_counter()
    convert(connection, way, pages, target)
    seconds = time.perf_counter() - started
    query = f"SELECT count(*), sum(CAST(delivered_seconds * 1000000 AS BIGINT)) FROM read_parquet('{target}/usage.parquet')"
    rows, micros = connection.execute(query).fetchone()
    print(json.dumps({"rows": rows, "micros": int(micros), "seconds": seconds}))


if __name__ == "__main__":
    main()
