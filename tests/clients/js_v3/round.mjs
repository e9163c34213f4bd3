// A round by the SDK for JavaScript v3. See ../clients.py.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

import {
  CreateStreamCommand, DeleteStreamCommand, DescribeStreamSummaryCommand, GetRecordsCommand,
  GetShardIteratorCommand, KinesisClient, ListShardsCommand, PutRecordCommand, PutRecordsCommand,
  RegisterStreamConsumerCommand, SubscribeToShardCommand, waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { ENDPOINT: endpoint, STREAM: stream, HANDLER: handler } = process.env;
const { version } = createRequire(import.meta.url)("@aws-sdk/client-kinesis/package.json");
const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const records = Array.from({ length: 200 }, (_, i) => (
  { PartitionKey: `key-${i % 7}`, Data: Buffer.concat([Buffer.from(`${i}|`), bytes]) }));

const kinesis = new KinesisClient({
  endpoint, ...(handler === "http1" && { requestHandler: new NodeHttpHandler() }),
});

// Returns, for each record, where it was acknowledged.
async function put() {
  const places = [];
  for (const record of records.slice(0, 20)) {
    places.push(await kinesis.send(new PutRecordCommand({ StreamName: stream, ...record })));
  }
  for (const start of [20, 110]) {
    const answer = await kinesis.send(
      new PutRecordsCommand({ StreamName: stream, Records: records.slice(start, start + 90) }));
    assert.equal(answer.FailedRecordCount, 0);
    places.push(...answer.Records);
  }
  return places.map(({ ShardId, SequenceNumber }) => `${ShardId} ${SequenceNumber}`);
}

async function read(shard) {
  let { ShardIterator: iterator } = await kinesis.send(new GetShardIteratorCommand(
    { StreamName: stream, ShardId: shard, ShardIteratorType: "TRIM_HORIZON" }));
  const found = [];
  for (;;) {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
    found.push(...answer.Records);
    iterator = answer.NextShardIterator;
    if (answer.Records.length === 0 && answer.MillisBehindLatest === 0) return found;
  }
}

async function subscribe(consumer, shard, count) {
  const answer = await kinesis.send(new SubscribeToShardCommand(
    { ConsumerARN: consumer, ShardId: shard, StartingPosition: { Type: "TRIM_HORIZON" } }));
  const found = [];
  for await (const event of answer.EventStream) {
    found.push(...event.SubscribeToShardEvent.Records);
    if (found.length >= count) break;
  }
  return found;
}

// `shards` is what was read of each, as [shard, records].
function compare(shards, places) {
  const found = new Map();
  for (const [shard, read] of shards) {
    let last = -1n;
    const lastOfKey = new Map();
    for (const record of read) {
      assert.ok(BigInt(record.SequenceNumber) > last, `${shard}: ${record.SequenceNumber} after ${last}`);
      last = BigInt(record.SequenceNumber);
      const data = Buffer.from(record.Data);
      const index = Number(data.subarray(0, data.indexOf("|")).toString());
      assert.ok((lastOfKey.get(record.PartitionKey) ?? -1) < index, `${shard}: order of record ${index}`);
      lastOfKey.set(record.PartitionKey, index);
      found.set(`${shard} ${record.SequenceNumber}`, { PartitionKey: record.PartitionKey, Data: data });
    }
  }
  assert.equal(shards.reduce((sum, [, read]) => sum + read.length, 0), records.length);
  places.forEach((place, i) => assert.deepEqual(found.get(place), records[i]));
  return found.size;
}

async function checkError(name, message, command) {
  await assert.rejects(kinesis.send(command), (error) => {
    assert.equal(error.name, name);
    assert.ok(error.message.includes(message), error.message);
    return true;
  });
}

await kinesis.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 2 }));
await waitUntilStreamExists({ client: kinesis, maxWaitTime: 30, minDelay: 1 }, { StreamName: stream });
const places = await put();
const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
const shards = Shards.map(({ ShardId }) => ShardId);
assert.equal(shards.length, 2);
const readBack = await Promise.all(shards.map(async (shard) => [shard, await read(shard)]));
const count = compare(readBack, places);

await checkError("ResourceNotFoundException", `Stream ${stream}-missing under account 000000000000 not found.`,
  new DescribeStreamSummaryCommand({ StreamName: `${stream}-missing` }));
await checkError("ResourceInUseException", stream, new CreateStreamCommand({ StreamName: stream, ShardCount: 2 }));
await checkError("InvalidArgumentException", "", new GetRecordsCommand({ ShardIterator: "none" }));

const { StreamDescriptionSummary: summary } = await kinesis.send(
  new DescribeStreamSummaryCommand({ StreamName: stream }));
const { Consumer } = await kinesis.send(
  new RegisterStreamConsumerCommand({ StreamARN: summary.StreamARN, ConsumerName: "reader" }));
const pushed = compare(await Promise.all(readBack.filter(([, found]) => found.length > 0).map(
  async ([shard, found]) => [shard, await subscribe(Consumer.ConsumerARN, shard, found.length)])), places);
await kinesis.send(new DeleteStreamCommand({ StreamName: stream, EnforceConsumerDeletion: true }));
console.log(JSON.stringify({ version, records: count, pushed }));
process.exit(0);
