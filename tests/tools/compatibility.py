"""Writes docs/compatibility.md from what the server declares (stdin, JSON), the published model and the tests' tables."""

import collections
import json
import pathlib
import sys

import botocore.session

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "model"), str(TESTS / "conformance")]

from choices import CHOICES  # noqa: E402
from differences import DIFFERENCES  # noqa: E402
from table import ROWS  # noqa: E402


def state_of(name, declared):
    """What a row of the page says of an operation, and which refusals of it the table proves."""
    if name not in declared:
        return "not yet", ""
    refusals = collections.Counter(row[3].removesuffix("Exception") for row in ROWS if row[1] == name)
    proven = ", ".join(f"{code} {count}" for code, count in sorted(refusals.items()))
    return "built", proven


def page(services):
    declared = services["kinesis"]
    model = botocore.session.get_session().get_service_model("kinesis")
    built = [name for name in model.operation_names if name in declared]
    lines = [
        "# Compatibility", "",
        "Made by `./dev docs` from the operations' own declarations, the published service model (botocore 1.44.5) and the",
        "tables in tests/model; a test keeps it true.", "",
        f"## Operations: {len(built)} of {len(model.operation_names)}", "",
        "What is not built yet answers the service's UnknownOperationException. The last column counts the rows of",
        f"tests/conformance/table.py, {len(ROWS)} in all: each is one request and the exact answer to it, asked in JSON and",
        "in CBOR. tests/conformance/test_bad_members.py adds every member of the published model: missing, of each wrong",
        "type, past each bound, against its pattern and its enum.", "",
        "| operation | state | refusals in the table |", "| --- | --- | --- |"]
    for name in model.operation_names:
        state, proven = state_of(name, declared)
        lines.append(f"| {name} | {state} | {proven} |")
    lines += ["", "## Other services", "",
              "What is served of other services, on the same port; their other operations, and all other services, are named in",
              "the answer. Where the members differ from the model is in the table below.", "",
              "| service, as signatures name it | operations |", "| --- | --- |"]
    lines += [f"| {service} | {', '.join(services[service])} |" for service in services if service != "kinesis"]
    lines += [
        "", "## Transports", "",
        "HTTP/1.1 and HTTP/2 on one port, plain and TLS (1.2 and 1.3), with JSON (`application/x-amz-json-1.1`) and CBOR",
        "(`application/x-amz-cbor-1.1`), event streams among them. HTTP/2 comes with prior knowledge, inside TLS also by ALPN;",
        "`Upgrade: h2c` is not taken up. Signatures have to be there and are verified with `--auth verify` only.",
        "[clients.md](clients.md) lists the client libraries that are run against the server.",
        "", "## Differences from the model", "",
        "Everything else of the built operations, member by member, is as the model has it: types, required members, bounds,",
        "patterns and enums. `*` is any operation, `out` an answer.", "",
        "| service | operation | member | what | why |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {service} | {operation} | `{path}` | {aspect} | {reason} |"
              for service, rows in DIFFERENCES.items() for operation, path, aspect, reason in rows]
    lines += [
        "", "## Where no source knows the service's answer", "",
        "| operation | asked | answered |", "| --- | --- | --- |"]
    lines += [f"| {operation} | {asked} | {answered} |" for operation, asked, answered in CHOICES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin)))
