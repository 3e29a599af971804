"""Turns the JSON pages in a folder into one Parquet file with DuckDB, as directly as it can: the columns are told, so
that nothing is guessed, and every core is used."""

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


def main():
    pages, target = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"SET threads = {os.cpu_count()}")
    connection.execute("SET preserve_insertion_order = false")
    started = time.perf_counter()
    connection.execute(
        f"""
        COPY (
            SELECT timeframe[1] AS bucket_start, timeframe[2] AS bucket_end, unnest(data, recursive := true)
            FROM read_json('{pages}/*.json', format = 'newline_delimited', columns = {COLUMNS})
        ) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
        """
    )
    seconds = time.perf_counter() - started
    query = f"SELECT count(*), sum(CAST(delivered_seconds * 1000000 AS BIGINT)) FROM read_parquet('{target}')"
    rows, micros = connection.execute(query).fetchone()
    print(json.dumps({"rows": rows, "micros": int(micros), "seconds": seconds}))


if __name__ == "__main__":
    main()
