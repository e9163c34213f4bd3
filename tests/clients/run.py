"""Runs the client programs against a server and writes docs/clients.md.

    run.py [--only FOLDER]... [--long] [--page FILE]

Each client is installed once, then run in each of its ways against a server of its own, whose access log has to show
the transport and the form that the way names. A client whose toolchain is not on this machine is a SKIP by
name, except those that never skip. Exit status 1 if any failed.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "clients"
sys.path.insert(0, str(HERE.parent))

from clients import CLIENTS, PYTHON  # noqa: E402
from support.server import Server  # noqa: E402

INSTALL_TIMEOUT_S = 1800.0
LOG_DELAY_S = 0.3  # The access log is written in the background.
RUNNING_AT_A_TIME = 3
SECONDS, LONG_SECONDS = 60, 600  # Of the stream processors.


@dataclass
class Outcome:
    """Of one client in one way. `state` is PASS, FAIL or SKIP."""

    client: object
    way: object
    state: str
    words: str = ""
    version: str = ""
    records: int = 0
    pushed: int | None = None
    seconds: float = 0


def copy_of(client):
    """A folder of the client's own files, beside what its installation leaves."""
    folder = BUILD / client.folder
    shutil.copytree(HERE / client.folder, folder, dirs_exist_ok=True)
    return folder


def filled(command):
    return [sys.executable if word == PYTHON else word for word in command]


def install(client):
    """Returns what went wrong, or nothing."""
    folder = copy_of(client)
    for command in client.install:
        done = subprocess.run(filled(command), cwd=folder, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT_S)
        if done.returncode:
            return f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}"
    return ""


def trust(server, folder):
    """The server's certificate in the ways that clients want it, as their environment."""
    ca_file = folder / "ca.pem"
    with urllib.request.urlopen(f"{server.endpoint}/_millrace/ca.pem", timeout=5) as answer:
        ca_file.write_bytes(answer.read())
    env = {name: str(ca_file) for name in ("CA_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")}
    if shutil.which("keytool"):
        store = folder / "trust.p12"
        subprocess.run(
            ["keytool", "-importcert", "-noprompt", "-alias", "millrace", "-file", ca_file, "-keystore", store,
             "-storetype", "PKCS12", "-storepass", "changeit"], check=True, capture_output=True)
        env["TRUST_STORE"] = str(store)
    return env


def environment(server, way, stream, trusted, seconds):
    scheme = "https" if way.is_tls else "http"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept, **(trusted if way.is_tls else {}),
        "ENDPOINT": f"{scheme}://localhost:{server.port}", "STREAM": stream, "WAY": way.name, "SECONDS": str(seconds),
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "example", "AWS_EC2_METADATA_DISABLED": "true",
        **way.env}


def lines_since(server, start):
    text = pathlib.Path(server.log).read_bytes()[start:].decode()
    return [line for line in map(json.loads, text.splitlines()) if line.get("operation")]


def check_transport(lines, way):
    """Returns what the access log shows otherwise than the way says, or nothing."""
    refused = {(line["service"], line["operation"], line["status"]) for line in lines
               if line["service"] != "kinesis" and line["status"] >= 400}
    if refused:
        return f"calls of other services were refused: {sorted(refused)}"
    used = {(line["operation"], line["protocol"], line["form"]) for line in lines if line["service"] == "kinesis"}
    if not used:
        return "no request reached the server"
    other = [(operation, *spoken) for operation, *spoken in sorted(used)
             if spoken != [way.protocols.get(operation, way.protocol), way.forms.get(operation, way.form)]]
    return f"the server saw {other}" if other else ""


def run(client, way, server, number, trusted, seconds):
    outcome = try_way(client, way, server, number, trusted, seconds)
    print(f"{outcome.state} {client.name}, {way.name} ({outcome.seconds:.1f} s) {outcome.words}", flush=True)
    return outcome


def try_way(client, way, server, number, trusted, seconds):
    time.sleep(LOG_DELAY_S)  # What the way before left is in the log then.
    start = pathlib.Path(server.log).stat().st_size
    began = time.monotonic()
    try:
        done = subprocess.run(
            filled(client.command), cwd=BUILD / client.folder, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=client.timeout_s + seconds,
            env=environment(server, way, f"round-{number}", trusted, seconds))
    except subprocess.TimeoutExpired as late:
        return Outcome(client, way, "FAIL", f"not done after {late.timeout:.0f} s: {(late.stderr or b'')[-2000:].decode()}")
    outcome = Outcome(client, way, "FAIL", (done.stdout + done.stderr)[-3000:], seconds=time.monotonic() - began)
    if done.returncode:
        return outcome
    time.sleep(LOG_DELAY_S)
    if wrong := check_transport(lines_since(server, start), way):
        outcome.words = wrong
        return outcome
    result = json.loads(done.stdout.strip().splitlines()[-1])
    outcome.version, outcome.records, outcome.pushed = result["version"], result["records"], result.get("pushed")
    outcome.state, outcome.words = "PASS", ""
    return outcome


def rounds(client, seconds):
    """All ways of an installed client, against a server of its own."""
    outcomes = []
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        with Server(folder / "data", args=["--log-format", "json", "--access-log", "all"]) as server:
            trusted = trust(server, folder)
            for way in client.ways:
                outcomes.append(run(client, way, server, len(outcomes), trusted, seconds))
    return outcomes


def run_all(clients, seconds):
    """Installs one client after the other; those that are installed run meanwhile, a few at a time."""
    started = []
    with concurrent.futures.ThreadPoolExecutor(RUNNING_AT_A_TIME) as pool:
        for client in clients:
            missing = [program for program in client.needs if not shutil.which(program)]
            wrong = f"needs {', '.join(missing)}" if missing else install(client)
            state = "SKIP" if missing and not client.never_skips else "FAIL"
            if wrong:
                print(f"{state} {client.name}: {wrong}", flush=True)
                started.append([Outcome(client, way, state, wrong) for way in client.ways])
            else:
                started.append(pool.submit(rounds, client, seconds))
        return [outcome for ended in started for outcome in (ended if isinstance(ended, list) else ended.result())]


def page(outcomes):
    """docs/clients.md."""
    lines = [
        "# Clients", "",
        "Written by `./dev clients`, which installs each client from its registry and runs a small real program of it",
        "against the server: what is put is read back and compared, by iterators and, where the client can, by",
        "subscription; errors have to have the right type and text (tests/clients/clients.py says exactly what). The",
        "transport is what the server saw, not what was asked for.", "",
        f"Last run: {datetime.date.today()}, {platform.system()} on {platform.machine()}.", "",
        "| client | version | settings | transport | form | read back | pushed | outcome |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for outcome in outcomes:
        way = outcome.way
        words = outcome.words.splitlines()[0][:200] if outcome.words else ""
        pushed = "" if outcome.pushed is None else outcome.pushed
        lines.append(
            f"| {outcome.client.name} | {outcome.version} | {way.name} | {way.protocol} | {way.form} "
            f"| {outcome.records or ''} | {pushed} | {outcome.state}{': ' + words if words else ''} |")
    notes = [f"- **{client.name}**: {client.note}" for client in CLIENTS if client.note]
    return "\n".join([*lines, "", *notes, *([""] if notes else [])])


def main():
    parser = argparse.ArgumentParser(description="Runs the client programs against a server.")
    parser.add_argument("--only", action="append", help="the folder of a client to run; all without it")
    parser.add_argument("--long", action="store_true", help="run the stream processors for ten minutes, not one")
    parser.add_argument("--page", type=pathlib.Path, help="where the table is written, if all are run")
    options = parser.parse_args()
    chosen = [client for client in CLIENTS if not options.only or client.folder in options.only]
    if not chosen:
        parser.error("no such client")
    outcomes = run_all(chosen, LONG_SECONDS if options.long else SECONDS)
    if options.page and not options.only:
        options.page.write_text(page(outcomes))
    states = [outcome.state for outcome in outcomes]
    print(f"{states.count('PASS')} passed, {states.count('FAIL')} failed, {states.count('SKIP')} skipped")
    sys.exit(1 if "FAIL" in states else 0)


if __name__ == "__main__":
    main()
