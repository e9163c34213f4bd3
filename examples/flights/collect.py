#!/usr/bin/env python3
"""Reads every record of a stream, from the oldest on, until each shard has been read to its end."""

import argparse
import concurrent.futures
import threading
import time

from botocore.exceptions import ClientError

import endpoint
from progress import Progress
from records import HashRange, Place, Received, save_received

GET_RECORDS_MAX = 10_000  # Source: API_GetRecords.
ATTEMPTS = 10
PAUSE_S = 0.25  # The service allows five GetRecords calls a second for each shard.


def list_shards(client, stream) -> dict[str, HashRange]:
    """The hash key range of each shard, by shard id."""
    shards = {}
    for page in client.get_paginator("list_shards").paginate(StreamName=stream):
        for shard in page["Shards"]:
            hashes = shard["HashKeyRange"]
            shards[shard["ShardId"]] = HashRange(int(hashes["StartingHashKey"]),
                                                 int(hashes["EndingHashKey"]))
    return shards


def collect(client, stream, progress) -> tuple[dict[str, HashRange], list[Received]]:
    """The stream's shards and its records: shard after shard, each in the order of reading."""
    shards = list_shards(client, stream)
    stop = threading.Event()
    received = []
    with concurrent.futures.ThreadPoolExecutor(len(shards)) as pool:
        reading = [pool.submit(read_shard, client, stream, shard, progress, stop)
                   for shard in shards]
        try:
            for reader in reading:
                received += reader.result()
        finally:
            stop.set()
    return shards, received


def read_shard(client, stream, shard, progress, stop) -> list[Received]:
    received = []
    iterator = open_iterator(client, stream, shard, received)
    while iterator and not stop.is_set():
        try:
            answer = client.get_records(ShardIterator=iterator, Limit=GET_RECORDS_MAX)
        except client.exceptions.ExpiredIteratorException:
            iterator = open_iterator(client, stream, shard, received)
            continue
        except client.exceptions.ProvisionedThroughputExceededException:
            time.sleep(PAUSE_S)
            continue
        for record in answer["Records"]:
            place = Place(shard, int(record["SequenceNumber"]))
            received.append(Received(place, record["PartitionKey"], record["Data"]))
        progress.add(len(answer["Records"]))
        if not answer["Records"] and answer["MillisBehindLatest"] == 0:
            break
        iterator = answer.get("NextShardIterator")
    return received


def open_iterator(client, stream, shard, received) -> str:
    """An iterator behind the last record received, or at the oldest one."""
    start = {"ShardIteratorType": "TRIM_HORIZON"}
    if received:
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                 "StartingSequenceNumber": str(received[-1].place.sequence)}
    answer = client.get_shard_iterator(StreamName=stream, ShardId=shard, **start)
    return answer["ShardIterator"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    endpoint.add_options(parser)
    parser.add_argument("--out", default="flights.received.jsonl",
                        help="the file that takes the records; default: %(default)s")
    options = parser.parse_args()

    client = endpoint.connect(options.endpoint_url, options.region, attempts=ATTEMPTS)
    progress = Progress("read")
    try:
        shards, received = collect(client, options.stream, progress)
    except ClientError as error:
        raise SystemExit(str(error)) from error
    progress.finish()
    save_received(shards, received, options.out)
    for shard in shards:
        print(f"{shard}: {sum(record.place.shard == shard for record in received):,} records")


if __name__ == "__main__":
    main()
