// A round by the SDK for JavaScript v2, which has no SubscribeToShard. See ../clients.py.

import assert from "node:assert/strict";

import AWS from "aws-sdk";

const { ENDPOINT: endpoint, STREAM: stream } = process.env;
const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const records = Array.from({ length: 200 }, (_, i) => (
  { PartitionKey: `key-${i % 7}`, Data: Buffer.concat([Buffer.from(`${i}|`), bytes]) }));

const kinesis = new AWS.Kinesis({ endpoint });

// Returns, for each record, where it was acknowledged.
async function put() {
  const places = [];
  for (const record of records.slice(0, 20)) {
    places.push(await kinesis.putRecord({ StreamName: stream, ...record }).promise());
  }
  for (const start of [20, 110]) {
    const answer = await kinesis.putRecords(
      { StreamName: stream, Records: records.slice(start, start + 90) }).promise();
    assert.equal(answer.FailedRecordCount, 0);
    places.push(...answer.Records);
  }
  return places.map(({ ShardId, SequenceNumber }) => `${ShardId} ${SequenceNumber}`);
}

async function read(shard) {
  let { ShardIterator: iterator } = await kinesis.getShardIterator(
    { StreamName: stream, ShardId: shard, ShardIteratorType: "TRIM_HORIZON" }).promise();
  const found = [];
  for (;;) {
    const answer = await kinesis.getRecords({ ShardIterator: iterator }).promise();
    found.push(...answer.Records);
    iterator = answer.NextShardIterator;
    if (answer.Records.length === 0 && answer.MillisBehindLatest === 0) return found;
  }
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
      const index = Number(record.Data.subarray(0, record.Data.indexOf("|")).toString());
      assert.ok((lastOfKey.get(record.PartitionKey) ?? -1) < index, `${shard}: order of record ${index}`);
      lastOfKey.set(record.PartitionKey, index);
      found.set(`${shard} ${record.SequenceNumber}`, { PartitionKey: record.PartitionKey, Data: record.Data });
    }
  }
  assert.equal(shards.reduce((sum, [, read]) => sum + read.length, 0), records.length);
  places.forEach((place, i) => assert.deepEqual(found.get(place), records[i]));
  return found.size;
}

async function checkError(code, message, request) {
  await assert.rejects(request.promise(), (error) => {
    assert.equal(error.code, code);
    assert.ok(error.message.includes(message), error.message);
    return true;
  });
}

await kinesis.createStream({ StreamName: stream, ShardCount: 2 }).promise();
await kinesis.waitFor("streamExists", { StreamName: stream, $waiter: { delay: 1 } }).promise();
const places = await put();
const { Shards } = await kinesis.listShards({ StreamName: stream }).promise();
const shards = Shards.map(({ ShardId }) => ShardId);
assert.equal(shards.length, 2);
const count = compare(await Promise.all(shards.map(async (shard) => [shard, await read(shard)])), places);

await checkError("ResourceNotFoundException", `Stream ${stream}-missing under account 000000000000 not found.`,
  kinesis.describeStreamSummary({ StreamName: `${stream}-missing` }));
await checkError("ResourceInUseException", stream, kinesis.createStream({ StreamName: stream, ShardCount: 2 }));
await checkError("InvalidArgumentException", "", kinesis.getRecords({ ShardIterator: "none" }));

await kinesis.deleteStream({ StreamName: stream }).promise();
console.log(JSON.stringify({ version: AWS.VERSION, records: count }));
