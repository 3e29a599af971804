"""Parses a file of statements in sqlglot's athena dialect, and prints how many of each kind there are as JSON.

Fails on a statement that does not parse, and on one that sqlglot only passes through because it does not know it.
"""

import collections
import json
import logging
import pathlib
import sys

import sqlglot
from sqlglot import expressions


def kind(text):
    tree = sqlglot.parse_one(text, read="athena")
    if tree.find(expressions.Command):
        sys.exit(f"not understood: {text}")
    return f"{tree.key.upper()} {tree.args['kind']}"


def main():
    logging.disable()
    texts = [text for text in pathlib.Path(sys.argv[1]).read_text().split(";\n") if text.strip()]
    try:
        print(json.dumps(collections.Counter(map(kind, texts))))
    except sqlglot.errors.SqlglotError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
