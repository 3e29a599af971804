"""Holds documents against a JSON Schema: validates.py SCHEMA FILE…, where a FILE is .json, .jsonl or .toml.

Prints each finding with its place, and fails when there is one, or when there was nothing to hold against it.
"""

import json
import pathlib
import sys
import tomllib

import jsonschema


def documents(path):
    text = path.read_text()
    match path.suffix:
        case ".toml":
            return [tomllib.loads(text)]
        case ".jsonl":
            return [json.loads(line) for line in text.splitlines()]
        case _:
            return [json.loads(text)]


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    checker = jsonschema.validators.validator_for(schema)
    checker.check_schema(schema)
    validator = checker(schema, format_checker=checker.FORMAT_CHECKER)
    findings, count = [], 0
    for path in map(pathlib.Path, sys.argv[2:]):
        for document in documents(path):
            count += 1
            findings += [f"{path.name}: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    if findings or not count:
        sys.exit("\n".join(findings) or "no document")


if __name__ == "__main__":
    main()
