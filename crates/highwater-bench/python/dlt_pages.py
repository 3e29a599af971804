"""Loads the pages of a day with dlt: its REST source with page numbers, its filesystem destination, Parquet.

Tuned as its documentation advises: the hours are resources that are pulled side by side, buffers are large, files are
cut so that every core has one to normalise.
"""

import json
import os
import pathlib
import sys
import time

CORES = str(os.cpu_count())
os.environ.update(
    {
        "EXTRACT__WORKERS": "16",
        "EXTRACT__MAX_PARALLEL_ITEMS": "32",
        "NORMALIZE__WORKERS": CORES,
        "LOAD__WORKERS": CORES,
        "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
        "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "100000",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "1000000",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }
)

import dlt
from dlt.sources.rest_api import rest_api_source

from sums import sums


def hour(start, page_size):
    return {
        "name": f"hour_{start}",
        "table_name": "delivery_usage",
        "write_disposition": "append",
        "parallelized": True,
        "endpoint": {
            "path": "video/v1/delivery-usage",
            "params": {"timeframe[]": [start, start + 3600], "limit": page_size},
            "data_selector": "data",
            "paginator": {
                "type": "page_number",
                "base_page": 1,
                "page_param": "page",
                "total_path": None,
                "stop_after_empty_page": True,
            },
        },
    }


def main():
    url, folder, start, hours, page_size = sys.argv[1:]
    starts = [int(start) + 3600 * n for n in range(int(hours))]
    target = pathlib.Path(folder) / "loaded"
    began = time.perf_counter()
    source = rest_api_source(
        {
            "client": {"base_url": url},
            "resources": [hour(start, int(page_size)) for start in starts],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(pathlib.Path(folder) / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=target.as_uri()),
        dataset_name="bench",
    )
    info = pipeline.run(source, loader_file_format="parquet")
    info.raise_on_failed_jobs()
    seconds = time.perf_counter() - began
    print(json.dumps({**sums(target / "bench" / "delivery_usage"), "seconds": seconds}))


if __name__ == "__main__":
    main()
