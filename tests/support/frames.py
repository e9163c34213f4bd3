"""The messages of an event stream, taken apart by hand."""

import binascii
import http.client
import json
import os
import struct
import urllib.parse

import cbor2

from support.raw import CBOR, JSON, Millis, Wire, in_form

DEADLINE_S = 20


class Frames:
    """One SubscribeToShard and its messages; inside TLS with the client context `tls`."""

    def __init__(self, endpoint, members, form=JSON, tls=None):
        url = urllib.parse.urlsplit(endpoint)
        wire = Wire(endpoint, os.environ.get("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))
        members = in_form(members, form)
        body = cbor2.dumps(members) if form == CBOR else json.dumps(members).encode()
        headers = wire.signed_headers("POST", "/", body, {"Content-Type": form, "X-Amz-Target": "Kinesis_20131202.SubscribeToShard"})
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=DEADLINE_S)
        if tls:
            self.connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=DEADLINE_S, context=tls)
        self.connection.request("POST", "/", body=body, headers=headers)
        self.response = self.connection.getresponse()

    def next(self):
        """(headers, payload) of the next message; None at the end."""
        prelude = self.response.read(12)
        if not prelude:
            return None
        total, header_bytes, checksum = struct.unpack(">III", prelude)
        assert checksum == binascii.crc32(prelude[:8])
        rest = self.response.read(total - 12)
        assert struct.unpack(">I", rest[-4:])[0] == binascii.crc32(prelude + rest[:-4])
        headers, at = [], 0
        while at < header_bytes:
            name = rest[at + 1:at + 1 + rest[at]]
            at += 1 + len(name)
            kind, size = struct.unpack(">BH", rest[at:at + 3])
            assert kind == 7
            headers.append((name.decode(), rest[at + 3:at + 3 + size].decode()))
            at += 3 + size
        payload = rest[header_bytes:-4]
        if dict(headers)[":content-type"] == CBOR:
            return headers, cbor2.loads(payload, semantic_decoders={1: lambda millis, _: Millis(millis)})
        return headers, json.loads(payload)

    def event(self):
        """The payload of the next event that has records or ends the shard."""
        while True:
            headers, payload = self.next()
            if dict(headers)[":event-type"] == "SubscribeToShardEvent" and (payload["Records"] or "ChildShards" in payload):
                return payload

    def close(self):
        self.response.close()
        self.connection.close()
