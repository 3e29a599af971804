"""Runs SQL from standard input in DuckDB and prints the rows of its last statement as JSON, one object a line.

A number that JSON readers would round is printed as text: decimals, and integers beyond 64 bits. Instants, dates and
intervals are printed in ISO 8601, bytes in hexadecimal. Nothing is fetched: extensions are neither installed nor
loaded on demand, and `--httpfs` loads the one that its Python package brought.
"""

import argparse
import datetime
import decimal
import json
import pathlib
import sys

import duckdb


def connect(arguments):
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    connection.execute(f"SET TimeZone = '{arguments.timezone}'")
    if arguments.httpfs:
        connection.execute(f"LOAD '{httpfs()}'")
    return connection


def httpfs():
    import duckdb_extension_httpfs

    folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent
    return next(folder.glob("extensions/*/httpfs.duckdb_extension"))


def printable(value):
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {key: printable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(inner) for inner in value]
    if isinstance(value, (float, str)):
        return value
    return str(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timezone", default="UTC")
    parser.add_argument("--httpfs", action="store_true")
    arguments = parser.parse_args()
    connection = connect(arguments)
    result = connection.execute(sys.stdin.read())
    if result.description is None:
        return
    names = [column[0] for column in result.description]
    while rows := result.fetchmany(10_000):
        for row in rows:
            print(json.dumps(dict(zip(names, map(printable, row))), allow_nan=False))


if __name__ == "__main__":
    try:
        main()
    except duckdb.Error as error:
        sys.exit(f"{type(error).__name__}: {error}")
