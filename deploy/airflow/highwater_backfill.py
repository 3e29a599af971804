"""Backfills a range of usage: `highwater plan` lists the units, `highwater work` loads each, many at a time.

Units never overlap and commits are conditional, so a task may be retried, cleared or run twice. Every task gets an
equal share of the source's rate, so that all of them together stay within it. Trigger it with the range wanted.
"""

import json
import os
import subprocess
from datetime import datetime, timedelta

from airflow.sdk import Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

HIGHWATER = os.environ.get("HIGHWATER_BIN", "highwater")
CONFIG = os.environ.get("HIGHWATER_CONFIG", "/etc/highwater/highwater.toml")

# Units that are loaded at once, and so the share of the rate that each may use.
AT_ONCE = 8
# Units a task, so that a quarter of hourly units makes hundreds of tasks, not thousands.
UNITS_A_TASK = 8

# What trying again cannot mend: a wrong configuration or command line, and refused credentials.
HOPELESS = {2: "configuration or command line", 4: "the source refused our credentials"}


def run(*arguments, stdin=None):
    """Runs highwater and returns what it printed. Its log lines go to the task's log."""
    command = [HIGHWATER, "--config", CONFIG, "--log-format", "json", *arguments]
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode in HOPELESS:
        raise AirflowFailException(f"highwater: {HOPELESS[done.returncode]}; see the log above")
    if done.returncode != 0:
        raise AirflowException(f"highwater ended with {done.returncode}; a retry takes what is left")
    return done.stdout


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["highwater"],
    params={
        "from": Param("2026-06-01", type="string", format="date", description="first day"),
        "to": Param("2026-09-01", type="string", format="date", description="first day after the range"),
        "reprocess": Param("missing", enum=["missing", "failed", "all"], description="what is loaded again"),
    },
    doc_md=__doc__,
)
def highwater_backfill():
    @task
    def plan():
        """Lists what is due, in shares of a few units."""
        params = get_current_context()["params"]
        span = ["--from", params["from"], "--to", params["to"], "--reprocess", params["reprocess"]]
        planned = json.loads(run("plan", *span, "--format", "json"))
        units = planned["units"]
        return [units[at : at + UNITS_A_TASK] for at in range(0, len(units), UNITS_A_TASK)]

    @task(max_active_tis_per_dagrun=AT_ONCE, retries=5, retry_delay=timedelta(minutes=5))
    def work(units):
        """Loads these units and returns the summary of the run."""
        share = f"1/{AT_ONCE}"
        return json.loads(run("work", "--rate-share", share, "--format", "json", stdin=json.dumps({"units": units})))

    @task(trigger_rule="all_done")
    def check():
        """Fails unless all of the range is loaded."""
        params = get_current_context()["params"]
        planned = json.loads(run("plan", "--from", params["from"], "--to", params["to"], "--format", "json"))
        left = [unit["unit"] for unit in planned["units"]]
        if left:
            raise AirflowFailException(f"{len(left)} units are still due, the first is {left[0]}")

    work.expand(units=plan()) >> check()


highwater_backfill()
