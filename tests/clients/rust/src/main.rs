//! A round by the SDK for Rust. See ../../clients.py.

use std::collections::HashMap;
use std::env;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::client::Waiters;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_kinesis::meta::PKG_VERSION;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    PutRecordsRequestEntry, Record, ShardIteratorType, StartingPosition, SubscribeToShardEventStream,
};

type Error = Box<dyn std::error::Error>;

/// Where a record was acknowledged: shard and sequence number.
type Place = (String, String);

struct Round {
    client: Client,
    stream: String,
    records: Vec<(String, Vec<u8>)>,
}

impl Round {
    /// Returns, for each record, where it was acknowledged.
    async fn put(&self) -> Result<Vec<Place>, Error> {
        let mut places = vec![];
        for (key, data) in &self.records[..20] {
            let answer = self
                .client
                .put_record()
                .stream_name(&self.stream)
                .partition_key(key)
                .data(Blob::new(data.clone()))
                .send()
                .await?;
            places.push((answer.shard_id, answer.sequence_number));
        }
        for start in [20, 110] {
            let entries = self.records[start..start + 90]
                .iter()
                .map(|(key, data)| {
                    PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new(data.clone())).build()
                })
                .collect::<Result<_, _>>()?;
            let answer = self.client.put_records().stream_name(&self.stream).set_records(Some(entries)).send().await?;
            assert_eq!(answer.failed_record_count, Some(0));
            for entry in answer.records {
                places.push((entry.shard_id.unwrap(), entry.sequence_number.unwrap()));
            }
        }
        Ok(places)
    }

    async fn read(&self, shard: &str) -> Result<Vec<Record>, Error> {
        let mut iterator = self
            .client
            .get_shard_iterator()
            .stream_name(&self.stream)
            .shard_id(shard)
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await?
            .shard_iterator;
        let mut records = vec![];
        loop {
            let answer = self.client.get_records().set_shard_iterator(iterator).send().await?;
            let is_empty = answer.records.is_empty();
            records.extend(answer.records);
            iterator = answer.next_shard_iterator;
            if is_empty && answer.millis_behind_latest == Some(0) {
                return Ok(records);
            }
        }
    }

    async fn subscribe(&self, consumer: &str, shard: &str, count: usize) -> Result<Vec<Record>, Error> {
        let position = StartingPosition::builder().r#type(ShardIteratorType::TrimHorizon).build()?;
        let mut events = self
            .client
            .subscribe_to_shard()
            .consumer_arn(consumer)
            .shard_id(shard)
            .starting_position(position)
            .send()
            .await?
            .event_stream;
        let mut records = vec![];
        while records.len() < count {
            match events.recv().await? {
                Some(SubscribeToShardEventStream::SubscribeToShardEvent(event)) => records.extend(event.records),
                other => panic!("{shard}: {other:?} after {} records", records.len()),
            }
        }
        Ok(records)
    }

    /// `shards` is what was read of each. Returns how many records that is.
    fn compare(&self, shards: &HashMap<String, Vec<Record>>, places: &[Place]) -> usize {
        let mut found = HashMap::new();
        for (shard, read) in shards {
            let mut last = String::new();
            let mut last_of_key = HashMap::new();
            for record in read {
                // Decimal numbers without leading zeros are in order by length, then by digits.
                let number = &record.sequence_number;
                assert!((last.len(), &last) < (number.len(), number), "{shard}: {number} after {last}");
                last = number.clone();
                let data = record.data.as_ref();
                let digits = data.split(|byte| *byte == b'|').next().unwrap();
                let index: i32 = str::from_utf8(digits).unwrap().parse().unwrap();
                let before = last_of_key.insert(&record.partition_key, index).unwrap_or(-1);
                assert!(before < index, "{shard}: record {index} after {before}");
                found.insert((shard.clone(), number.clone()), (record.partition_key.clone().unwrap(), data.to_vec()));
            }
        }
        assert_eq!(shards.values().map(Vec::len).sum::<usize>(), self.records.len());
        for (place, record) in places.iter().zip(&self.records) {
            assert_eq!(found.get(place), Some(record), "at {place:?}");
        }
        found.len()
    }
}

fn check_error<T: std::fmt::Debug, E: ProvideErrorMetadata>(code: &str, text: &str, answer: Result<T, E>) {
    let error = answer.expect_err(code);
    assert_eq!(error.code(), Some(code));
    assert!(error.message().is_some_and(|message| message.contains(text)), "{:?}", error.message());
}

async fn round() -> Result<(), Error> {
    let settings = aws_config::defaults(BehaviorVersion::latest()).endpoint_url(env::var("ENDPOINT")?).load().await;
    let client = Client::new(&settings);
    let stream = env::var("STREAM")?;
    let records = (0..200)
        .map(|i| (format!("key-{}", i % 7), [format!("{i}|").as_bytes(), &(0..=255).collect::<Vec<u8>>()].concat()))
        .collect();
    let round = Round { client: client.clone(), stream: stream.clone(), records };

    client.create_stream().stream_name(&stream).shard_count(2).send().await?;
    client.wait_until_stream_exists().stream_name(&stream).wait(Duration::from_secs(30)).await?;
    let places = round.put().await?;
    let shards = client.list_shards().stream_name(&stream).send().await?.shards.unwrap();
    assert_eq!(shards.len(), 2);
    let mut read_back = HashMap::new();
    for shard in shards {
        read_back.insert(shard.shard_id.clone(), round.read(&shard.shard_id).await?);
    }
    let count = round.compare(&read_back, &places);

    let missing = format!("{stream}-missing");
    check_error(
        "ResourceNotFoundException",
        &format!("Stream {missing} under account 000000000000 not found."),
        client.describe_stream_summary().stream_name(&missing).send().await,
    );
    check_error(
        "ResourceInUseException",
        &stream,
        client.create_stream().stream_name(&stream).shard_count(2).send().await,
    );
    check_error("InvalidArgumentException", "", client.get_records().shard_iterator("none").send().await);

    let summary = client.describe_stream_summary().stream_name(&stream).send().await?;
    let stream_arn = summary.stream_description_summary.unwrap().stream_arn;
    let consumer = client
        .register_stream_consumer()
        .stream_arn(stream_arn)
        .consumer_name("reader")
        .send()
        .await?
        .consumer
        .unwrap();
    let mut arrived = HashMap::new();
    for (shard, read) in &read_back {
        arrived.insert(shard.clone(), round.subscribe(&consumer.consumer_arn, shard, read.len()).await?);
    }
    let pushed = round.compare(&arrived, &places);

    client.delete_stream().stream_name(&stream).enforce_consumer_deletion(true).send().await?;
    println!(r#"{{"version": "{PKG_VERSION}", "records": {count}, "pushed": {pushed}}}"#);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    // The errors of the SDK say what happened only together with their causes.
    round().await.map_err(|error| DisplayErrorContext(&*error).to_string())
}
