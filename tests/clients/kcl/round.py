"""Runs a program of the Kinesis Client Library. The DynamoDB that it keeps its leases in is moto, in this process."""

import logging
import os
import subprocess
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # It would write a line for each request.
moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
moto.start()
host, port = moto.get_host_and_port()
done = subprocess.run(["java", "-jar", sys.argv[1]], check=False,
                      env={**os.environ, "LEASES_ENDPOINT": f"http://{host}:{port}"})
moto.stop()
sys.exit(done.returncode)
