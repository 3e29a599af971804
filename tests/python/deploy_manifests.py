"""Holds what is in deploy/ against the schemas that packages ship, and the alert rules against Prometheus's own tool.

    python3 -m venv /tmp/deploy && /tmp/deploy/bin/pip install kubernetes-validate==1.37.0 check-jsonschema==0.39.0
    apt-get install prometheus        # for promtool
    /tmp/deploy/bin/python tests/python/deploy_manifests.py

Last result, 2026-11-22: ok for Kubernetes 1.31 and 1.36, the compose specification, and promtool 2.42 check and test; each
checker found the mistake made on purpose.
"""

import pathlib
import shutil
import subprocess
import sys

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES = ["1.31", "1.36"]


def run(*command):
    """Runs a checker and returns whether it was content; shows what it said when it was not."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout)
    return done.returncode == 0


def must_find(text, checker, name):
    """A checker that is content with a mistake checks nothing."""
    broken = pathlib.Path("/tmp") / name
    broken.write_text(text)
    return subprocess.run([*checker, str(broken)], capture_output=True, check=False).returncode != 0


def main():
    manifests = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    assert manifests, "there are no manifests"
    outcomes = {}
    for version in KUBERNETES:
        checker = [sys.executable, "-m", "kubernetes_validate", "-k", version, "--strict"]
        outcomes[f"Kubernetes {version}, strict"] = run(*checker, *map(str, manifests))
        text = manifests[0].read_text().replace("completionMode:", "completionMood:")
        outcomes[f"Kubernetes {version} finds a mistake"] = must_find(text, checker, "broken-manifest.yaml")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    compose = DEPLOY / "compose.yaml"
    outcomes["compose specification"] = run(*checker, str(compose))
    text = compose.read_text().replace("read_only: true", "read_only: [true]")
    outcomes["compose specification finds a mistake"] = must_find(text, checker, "broken-compose.yaml")
    if shutil.which("promtool"):
        rules = DEPLOY / "prometheus"
        outcomes["promtool check rules"] = run("promtool", "check", "rules", str(rules / "highwater.rules.yaml"))
        outcomes["promtool test rules"] = run("promtool", "test", "rules", str(rules / "highwater.rules.test.yaml"))
    else:
        print("SKIPPED promtool: not installed")
    for what, good in outcomes.items():
        print(f"{'ok    ' if good else 'FAILED'} {what}")
    return 0 if all(outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
