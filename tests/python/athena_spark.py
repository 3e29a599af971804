"""Runs what `highwater sql athena` writes in Spark with Hive support, since Athena itself cannot be had on a desk.

    python -m venv spark && spark/bin/pip install pyspark==4.3.0 pyarrow==26.0.1 'sqlglot==30.30.*'
    spark/bin/python tests/python/athena_spark.py                          # over a row of every column, made here
    spark/bin/python tests/python/athena_spark.py --warehouse DIR          # over a warehouse in a folder

Needs Java 17. Tables are made with the statements as they stand, but for the place of the warehouse; partitions are
found with MSCK REPAIR TABLE, because projection is Athena's own. Views are translated to Spark's dialect by sqlglot. Every
table must give the rows and the sums that pyarrow reads from the same objects, and every view must answer.

The last result stands in schemas/README.md.
"""

import argparse
import datetime
import decimal
import pathlib
import sys
import tempfile

import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import expressions

SCRIPT = pathlib.Path(__file__).parents[2] / "schemas" / "sql" / "athena.sql"
PLACE = "s3://BUCKET/PREFIX"
ARROW = {
    "string": pyarrow.string(),
    "bigint": pyarrow.int64(),
    "decimal(18,6)": pyarrow.decimal128(18, 6),
    "decimal(38,6)": pyarrow.decimal128(38, 6),
    "timestamp": pyarrow.timestamp("ms"),
    "boolean": pyarrow.bool_(),
}
VALUES = {
    "string": "text",
    "bigint": 2**40,
    "decimal(18,6)": decimal.Decimal("999999999999.999999"),
    "decimal(38,6)": decimal.Decimal("-0.000001"),
    "timestamp": datetime.datetime(2026, 9, 1, 1, 2, 3, 4000),
    "boolean": True,
}


def statements(script):
    """The statements, each with its syntax tree: the athena dialect tells two languages apart by how a text begins."""
    for text in script.split(";\n"):
        if text.strip():
            yield text, sqlglot.parse_one(text, read="athena")


def columns(table):
    """Name and type of each column of a parsed CREATE EXTERNAL TABLE, without the partition's."""
    return [
        (column.name, column.args["kind"].sql(dialect="hive").lower().replace(" ", ""))
        for column in table.this.expressions
    ]


def write_a_row_of_every_column(warehouse, script):
    """One object a table, with a row of values and a row of nulls."""
    for _, tree in statements(script):
        if tree.args.get("kind") != "TABLE" or not isinstance(tree, expressions.Create):
            continue
        table = tree.this.this.name.removesuffix("_reported")
        folder = warehouse / "data" / table / "provider=mux" / "usage_date=2026-09-01"
        folder.mkdir(parents=True)
        arrays = [pyarrow.array([VALUES[kind], None], ARROW[kind]) for _, kind in columns(tree)]
        names = [name for name, _ in columns(tree)]
        rows = pyarrow.table(arrays, names=names)
        pyarrow.parquet.write_table(rows, folder / "source.dataset.parquet", store_decimal_as_integer=True)


def session(folder):
    builder = SparkSession.builder.master("local[2]").appName("highwater")
    settings = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": f"{folder}/spark",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:{folder}/metastore;create=true",
        "spark.driver.extraJavaOptions": f"-Dderby.stream.error.file={folder}/derby.log",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def figures_of_spark(spark, table, numbers):
    sums = "".join(f", sum(`{name}`)" for name in numbers)
    return tuple(spark.sql(f"SELECT count(*){sums} FROM {table}_reported").first())


def figures_of_arrow(warehouse, table, numbers):
    files = sorted((warehouse / "data" / table).glob("*/*/*.parquet"))
    count, sums = 0, {name: None for name in numbers}
    for file in files:
        rows = pyarrow.parquet.ParquetFile(file).read()
        count += rows.num_rows
        for name in sums:
            values = [value for value in rows[name].to_pylist() if value is not None] if name in rows.column_names else []
            if values:
                sums[name] = (sums[name] or 0) + sum(values)
    return (count, *sums.values())


def run(spark, warehouse, script):
    findings, tables, views, rows = [], 0, 0, 0
    for text, tree in statements(script):
        if isinstance(tree, expressions.Drop):
            spark.sql(text)
        elif tree.args.get("kind") == "TABLE":
            table = tree.this.this.name.removesuffix("_reported")
            (warehouse / "data" / table).mkdir(parents=True, exist_ok=True)
            spark.sql(text)
            spark.sql(f"MSCK REPAIR TABLE {table}_reported")
            numbers = [name for name, kind in columns(tree) if kind == "bigint" or kind.startswith("decimal")]
            theirs = figures_of_spark(spark, table, numbers)
            ours = figures_of_arrow(warehouse, table, numbers)
            if theirs != ours:
                findings.append(f"{table}: Spark reads {theirs}, pyarrow {ours}")
            tables, rows = tables + 1, rows + ours[0]
        elif tree.args.get("kind") == "VIEW":
            spark.sql(tree.sql(dialect="spark"))
            spark.sql(f"SELECT * FROM {tree.this.name}").collect()
            views += 1
        else:
            findings.append(f"not a statement that is expected: {text[:80]}")
    if not (tables and views and rows):
        findings.append(f"nothing was tried: {tables} tables, {views} views, {rows} rows")
    return findings, f"{tables} tables, {views} views, {rows} rows"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", type=pathlib.Path, help="a warehouse in a folder; made for the occasion if not given")
    parser.add_argument("--script", type=pathlib.Path, default=SCRIPT, help=f"with {PLACE} for the warehouse")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = arguments.script.read_text()
        warehouse = arguments.warehouse
        if warehouse is None:
            warehouse = pathlib.Path(folder) / "warehouse"
            write_a_row_of_every_column(warehouse, script)
        warehouse = warehouse.resolve()
        spark = session(folder)
        findings, tried = run(spark, warehouse, script.replace(PLACE, warehouse.as_uri()))
        version = spark.version
        spark.stop()
    if findings:
        sys.exit("\n".join(findings))
    print(f"Spark {version}: {tried}: the same counts and sums as pyarrow")


if __name__ == "__main__":
    main()
