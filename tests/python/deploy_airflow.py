"""Imports the DAG of deploy/airflow into Airflow and runs it once, with a stand-in for the binary that keeps what it is
asked: plan is mapped to work, units are shared out whole, and what cannot be mended is not tried again.

    python3 -m venv /tmp/airflow && /tmp/airflow/bin/pip install apache-airflow==3.3.2
    /tmp/airflow/bin/python tests/python/deploy_airflow.py

Last result, 2026-11-22, Airflow 3.3.2: ok: 3 tasks worked on 20 units, each once, with a share of 1/8
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"

# Twenty units are due until `work` was asked for each of them.
STAND_IN = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
units = [f"env/delivery_usage/2026-06-{{day:02}}" for day in range(1, 21)]
done = folder / "done"
if "plan" in sys.argv:
    known = done.read_text().split() if done.exists() else []
    print(json.dumps({{"units": [{{"unit": unit, "reasons": ["new"]}} for unit in units if unit not in known]}}))
elif "work" in sys.argv:
    asked = [unit["unit"] for unit in json.load(sys.stdin)["units"]]
    with done.open("a") as file:
        file.write("\\n".join(asked) + "\\n")
    with (folder / "calls").open("a") as file:
        file.write(json.dumps({{"arguments": sys.argv[1:], "units": asked}}) + "\\n")
    print(json.dumps({{"windows": {{"loaded": len(asked)}}}}))
else:
    sys.exit(2)
"""


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    stand_in = folder / "highwater"
    stand_in.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
    stand_in.chmod(0o755)
    os.environ.update(
        AIRFLOW_HOME=str(folder / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(DEPLOY / "airflow"),
        AIRFLOW__CORE__UNIT_TEST_MODE="False",
        HIGHWATER_BIN=str(stand_in),
    )
    airflow = pathlib.Path(sys.executable).with_name("airflow")
    subprocess.run([airflow, "db", "migrate"], check=True, capture_output=True)

    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DEPLOY / "airflow"))
    assert not bag.import_errors, bag.import_errors
    dag = bag.dags["highwater_backfill"]
    assert set(dag.task_ids) == {"plan", "work", "check"}, dag.task_ids
    assert dag.get_task("work").is_mapped, "plan is mapped to work"
    assert dag.get_task("work").upstream_task_ids == {"plan"}

    run = dag.test(run_conf={"from": "2026-06-01", "to": "2026-06-21"})
    assert str(run.state) == "success", run.state
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    assert sorted(len(call["units"]) for call in calls) == [4, 8, 8], calls
    asked = [unit for call in calls for unit in call["units"]]
    assert len(asked) == len(set(asked)) == 20, asked
    for call in calls:
        share = call["arguments"].index("--rate-share")
        assert call["arguments"][share + 1] == "1/8", call

    module = sys.modules[dag.get_task("plan").python_callable.__module__]
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    for code, hopeless in [(2, True), (4, True), (3, False), (130, False)]:
        stand_in.write_text(f"#!/bin/sh\nexit {code}\n")
        try:
            module.run("plan")
        except AirflowException as error:
            assert isinstance(error, AirflowFailException) == hopeless, (code, error)
        else:
            raise AssertionError(f"exit code {code} was taken for success")
    print(f"ok: {len(calls)} tasks worked on {len(asked)} units, each once, with a share of 1/8")


if __name__ == "__main__":
    main()
