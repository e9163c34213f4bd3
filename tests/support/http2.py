"""An HTTP/2 client with prior knowledge that can also misbehave."""

import contextlib
import dataclasses
import socket

import h2.config
import h2.connection
import h2.events
import h2.exceptions

TIMEOUT_S = 20


@dataclasses.dataclass
class Stream:
    """What has come of one request so far."""

    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    unindexed: set = dataclasses.field(default_factory=set)  # Names whose fields stay out of HPACK's table.
    body: bytes = b""
    has_ended: bool = False
    reset: int | None = None  # The error code of a RST_STREAM.


class Http2:
    """One connection: a new plain one to `port`, or `over` one that is open.

    Unless it `takes_all`, it has room for 65,535 bytes of all answers together.
    """

    def __init__(self, port, takes_all=True, over=None):
        self.socket = over or socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False))
        self.connection.initiate_connection()
        self.takes_all = takes_all
        self.is_gathering = False
        self.streams = {}
        self.received = b""
        self.goaway = None  # The error code of a GOAWAY.
        self.is_closed = False
        self.flush()

    def flush(self):
        if not self.is_gathering:
            self.socket.sendall(self.connection.data_to_send())

    @contextlib.contextmanager
    def in_one_piece(self):
        """Small requests that are made within are sent together."""
        self.is_gathering = True
        yield
        self.is_gathering = False
        self.flush()

    def request(self, headers, body=b"", method="POST", path="/", authority="localhost", ends=True):
        """Sends the head, and of the body what the server has room for at once; returns the stream's id."""
        stream = self.connection.get_next_available_stream_id()
        self.streams[stream] = Stream()
        fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", authority)]
        self.connection.send_headers(stream, [*fields, *((k.lower(), v) for k, v in headers.items())], end_stream=ends and not body)
        self.flush()
        while body:
            room = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size, len(body))
            if room == 0:
                self.receive()
                continue
            self.connection.send_data(stream, body[:room], end_stream=ends and room == len(body))
            body = body[room:]
            self.flush()
        return stream

    def receive(self):
        """Takes in what comes next; False when the connection has ended."""
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionError, TimeoutError):
            data = b""
        if not data:
            self.is_closed = True
            return False
        for event in self.connection.receive_data(self.without_goaway(data)):
            stream = self.streams.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                fields = {k.decode(): v.decode() for k, v in event.headers}
                stream.status, stream.headers = int(fields.pop(":status")), fields
                stream.unindexed = {field[0].decode() for field in event.headers if not field.indexable}
            elif isinstance(event, h2.events.DataReceived):
                stream.body += event.data
                if self.takes_all and event.flow_controlled_length:
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                stream.has_ended = True
            elif isinstance(event, h2.events.StreamReset):
                stream.reset, stream.has_ended = event.error_code, True
        try:
            self.flush()
        except OSError:
            pass  # The server has said all and gone; what it said may still be here to be read.
        return True

    def without_goaway(self, data):
        """The whole frames that have come but GOAWAY, behind which the library takes nothing more, though answers may."""
        self.received += data
        kept = b""
        while len(self.received) >= 9:
            size = 9 + int.from_bytes(self.received[:3], "big")
            if len(self.received) < size:
                break
            frame, self.received = self.received[:size], self.received[size:]
            if frame[3] == 7:
                self.goaway = int.from_bytes(frame[13:17], "big")
            else:
                kept += frame
        return kept

    def wait(self, stream):
        """Returns the stream once its answer is whole."""
        while not self.streams[stream].has_ended and self.receive():
            pass
        return self.streams[stream]

    def read_to_end(self):
        while self.receive():
            pass

    def close(self):
        self.socket.close()
