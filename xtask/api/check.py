"""Starts a demo, becomes its first user, and lets Schemathesis loose on its API.

    check.py MADURA [OPTION OF SCHEMATHESIS ...]
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "docs/user/reference/openapi.json"
BASE = "http://127.0.0.1:8497"
PASSWORD = "correct horse battery staple"

# A key or a user that it revokes would leave it outside for the rest of the run, and its own password too.
LEFT_OUT = [
    "/api/v1/keys/{id}",
    "/api/v1/users/{id}",
    "/api/v1/users/{id}/reset",
    "/api/v1/logout",
    "/api/v1/me",
    "/api/v1/me/password",
    "/api/v1/me/sessions",
    "/api/v1/me/sessions/{id}",
]


def call(path, body, cookie=None):
    """Sends JSON as the page does. Answers the JSON that came back, and the session's cookie."""
    headers = {"content-type": "application/json", "origin": BASE, "sec-fetch-site": "same-origin"}
    if cookie:
        headers["cookie"] = cookie
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        cookie = (answer.headers.get("set-cookie") or "").split(";")[0] or cookie
        return json.load(answer), cookie


def scopes():
    """Every scope that the description knows."""
    operations = (
        operation
        for path in json.loads(DESCRIPTION.read_text())["paths"].values()
        for operation in path.values()
    )
    return sorted(
        {
            scope
            for operation in operations
            for way in operation.get("security", [])
            for scope in way.get("key", [])
        }
    )


def check(process, options):
    """Waits for the link, takes it, and runs the checks with a key that may do everything."""
    for line in process.stderr:
        if found := re.search(r"#token=(\w+)", line):
            break
    else:
        sys.exit("the demo ended before it printed its link")
    first = {
        "token": found[1],
        "name": "Check",
        "email": "check@madura.example",
        "password": PASSWORD,
        "language": "en",
    }
    _, cookie = call("/api/v1/setup", first)
    made, _ = call("/api/v1/keys", {"name": "check", "scopes": scopes()}, cookie)
    command = [str(pathlib.Path(sys.executable).parent / "schemathesis")]
    command += ["--config-file", str(ROOT / "xtask/api/schemathesis.toml"), "run", str(DESCRIPTION)]
    command += ["--url", BASE, "--header", f"Authorization: Bearer {made['key']}"]
    # What has the right shape may still be refused for what it says: a text that is no model, a token
    # that nobody was given, a lead that does not exist.
    command += ["--exclude-checks", "positive_data_acceptance", "--rate-limit", "45/s"]
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    # What it remembers between runs belongs to no checkout.
    return subprocess.run(command + options, check=False, cwd=ROOT / "target").returncode


def main():
    madura, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as data:
        command = [madura, "demo", "--leads", "300", "--events", "6000", "--data", data]
        command += ["--bind", BASE.removeprefix("http://")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                return check(process, options)
            finally:
                process.terminate()


sys.exit(main())
