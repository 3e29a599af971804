"""Answers SQL with one DuckDB that stays: each line of standard input is a statement as a JSON string, each line of
standard output its rows as a JSON list of lists of text, or the error as a JSON string. `--httpfs` as in query.py.
"""

import argparse
import json
import sys

import duckdb

import query


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--httpfs", action="store_true")
    arguments = parser.parse_args(namespace=argparse.Namespace(timezone="UTC"))
    connection = query.connect(arguments)
    for line in sys.stdin:
        try:
            rows = connection.execute(json.loads(line)).fetchall()
            answer = [[None if value is None else str(value) for value in row] for row in rows]
        except duckdb.Error as error:
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
