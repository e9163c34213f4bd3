"""Writes docs/compatibility.md from what the server declares (stdin, JSON), the published model and its tables."""

import json
import pathlib
import sys

import botocore.session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))

from choices import CHOICES  # noqa: E402
from differences import DIFFERENCES  # noqa: E402


def page(declared):
    model = botocore.session.get_session().get_service_model("kinesis")
    built = [name for name in model.operation_names if name in declared]
    lines = [
        "# Compatibility", "",
        "Made by `./dev docs` from the operations' own declarations, the published service model (botocore 1.44.5) and the",
        "tables in tests/model; a test keeps it true.", "",
        f"## Operations: {len(built)} of {len(model.operation_names)}", "",
        "What is not built yet answers the service's UnknownOperationException.", "",
        "| operation | state |", "| --- | --- |"]
    lines += [f"| {name} | {'built' if name in declared else 'not yet'} |" for name in model.operation_names]
    lines += [
        "", "## Transports", "",
        "HTTP/1.1 with JSON (`application/x-amz-json-1.1`) and CBOR (`application/x-amz-cbor-1.1`). HTTP/2 and TLS are",
        "recognised on the same port and closed until they are built. Signatures have to be there and are not verified.",
        "", "## Differences from the model", "",
        "Everything else of the built operations, member by member, is as the model has it: types, required members, bounds,",
        "patterns and enums. `*` is any operation, `out` an answer.", "",
        "| operation | member | what | why |", "| --- | --- | --- | --- |"]
    lines += [f"| {operation} | `{path}` | {aspect} | {reason} |" for operation, path, aspect, reason in DIFFERENCES]
    lines += [
        "", "## Where no source knows the service's answer", "",
        "| operation | asked | answered |", "| --- | --- | --- |"]
    lines += [f"| {operation} | {asked} | {answered} |" for operation, asked, answered in CHOICES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(json.load(sys.stdin)))
