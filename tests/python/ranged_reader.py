"""Reads one Parquet object after another over S3 while each is replaced again and again: `pyarrow` with ranged reads, or
DuckDB. Every line of standard input names an object, `bucket/key`, and a number of seconds to read it for; every read is
one line of standard output: the key, then `rows keys micros` of what was read, or `error` and its class and words.
"""

import argparse
import sys
import time

import query


def by_pyarrow(endpoint):
    import pyarrow.compute as compute
    import pyarrow.fs as fs
    import pyarrow.parquet as parquet

    store = fs.S3FileSystem(
        anonymous=True, scheme="http", region="us-east-1", endpoint_override=endpoint
    )

    def read(key):
        with store.open_input_file(key) as file:
            table = parquet.ParquetFile(file).read(
                columns=["resource_id", "bucket_start", "delivered_seconds"]
            )
        keys = table.group_by(["resource_id", "bucket_start"]).aggregate([]).num_rows
        total = compute.sum(table["delivered_seconds"]).as_py()
        return table.num_rows, keys, int(total.scaleb(6))

    return read


def by_duckdb(endpoint):
    arguments = argparse.Namespace(timezone="UTC", httpfs=True)
    connection = query.connect(arguments)
    connection.execute(
        f"CREATE SECRET (TYPE s3, ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
    )

    def read(key):
        sql = (
            "SELECT count(*), count(DISTINCT (resource_id, bucket_start)), sum(delivered_seconds) * 1000000 "
            f"FROM read_parquet('s3://{key}')"
        )
        return tuple(int(value) for value in connection.execute(sql).fetchone())

    return read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reader", choices=["pyarrow", "duckdb"])
    parser.add_argument("endpoint")
    arguments = parser.parse_args()
    read = {"pyarrow": by_pyarrow, "duckdb": by_duckdb}[arguments.reader](arguments.endpoint)
    for line in sys.stdin:
        key, seconds = line.split()
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            try:
                answer = " ".join(map(str, read(key)))
            except Exception as error:  # whatever a reader meets is what is asked for
                words = str(error).replace("\n", " ")
                answer = f"error {type(error).__name__}: {words}"
            print(key, answer, flush=True)
        print(key, "done", flush=True)


if __name__ == "__main__":
    main()
