// A round by the SDK for Go v2. See ../clients.py.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// place is where a record was acknowledged.
type place struct{ shard, sequence string }

var (
	ctx    = context.Background()
	stream = os.Getenv("STREAM")

	// sentAgain holds the records of calls that the SDK made more than once, because it lost its connection: only
	// these may be there more than once.
	sentAgain = map[int]bool{}
)

func note(answered middleware.Metadata, from, to int) {
	attempts, _ := retry.GetAttemptResults(answered)
	for i := from; i < to && len(attempts.Results) > 1; i++ {
		sentAgain[i] = true
	}
}

// must returns what a call answered, and ends the program if it failed.
func must[T any](answer T, err error) T {
	check(err == nil, "%v", err)
	return answer
}

func check(holds bool, format string, words ...any) {
	if !holds {
		log.Fatalf(format, words...)
	}
}

func made() []types.PutRecordsRequestEntry {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	var records []types.PutRecordsRequestEntry
	for i := range 200 {
		records = append(records, types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprintf("key-%d", i%7)), Data: fmt.Appendf(nil, "%d|%s", i, all)})
	}
	return records
}

// put returns, for each record, where it was acknowledged.
func put(client *kinesis.Client, records []types.PutRecordsRequestEntry) []place {
	var places []place
	for i, record := range records[:20] {
		answer := must(client.PutRecord(ctx, &kinesis.PutRecordInput{
			StreamName: &stream, PartitionKey: record.PartitionKey, Data: record.Data}))
		note(answer.ResultMetadata, i, i+1)
		places = append(places, place{*answer.ShardId, *answer.SequenceNumber})
	}
	for _, start := range []int{20, 110} {
		answer := must(client.PutRecords(ctx, &kinesis.PutRecordsInput{
			StreamName: &stream, Records: records[start : start+90]}))
		check(*answer.FailedRecordCount == 0, "%d records failed", *answer.FailedRecordCount)
		note(answer.ResultMetadata, start, start+90)
		for _, entry := range answer.Records {
			places = append(places, place{*entry.ShardId, *entry.SequenceNumber})
		}
	}
	return places
}

func read(client *kinesis.Client, shard string) []types.Record {
	iterator := must(client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon})).ShardIterator
	var records []types.Record
	for {
		answer := must(client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator}))
		records = append(records, answer.Records...)
		iterator = answer.NextShardIterator
		if len(answer.Records) == 0 && *answer.MillisBehindLatest == 0 {
			return records
		}
	}
}

// subscribe begins anew if the library closes its own connection, as it does over HTTP/1.1 when an answer is there
// before it has put its request away. It waits, because a consumer can subscribe again only after 5 seconds; the
// library's own tries do not.
func subscribe(client *kinesis.Client, consumer *string, shard string, count int) []types.Record {
	for range 5 {
		answer, err := client.SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
			ConsumerARN: consumer, ShardId: &shard,
			StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}})
		var records []types.Record
		if err == nil {
			records, err = arrived(answer.GetStream(), count)
		}
		if err == nil {
			return records
		}
		var tooEarly *types.ResourceInUseException
		check(errors.Is(err, net.ErrClosed) || errors.As(err, &tooEarly), "%s: %v", shard, err)
		time.Sleep(6 * time.Second)
	}
	log.Fatalf("%s: no subscription lasted", shard)
	return nil
}

func arrived(events *kinesis.SubscribeToShardEventStream, count int) ([]types.Record, error) {
	defer events.Close()
	var records []types.Record
	for len(records) < count {
		event, ok := (<-events.Events()).(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if !ok {
			return nil, fmt.Errorf("the stream ended after %d records: %w", len(records), events.Err())
		}
		records = append(records, event.Value.Records...)
	}
	return records, nil
}

// compare takes what was read of each shard, and returns how many records that is.
func compare(shards map[string][]types.Record, places []place, records []types.PutRecordsRequestEntry) int {
	found, times := map[place]types.Record{}, map[int]int{}
	for shard, read := range shards {
		last, lastOfKey := big.NewInt(-1), map[string]int{}
		for _, record := range read {
			number, ok := new(big.Int).SetString(*record.SequenceNumber, 10)
			check(ok && number.Cmp(last) > 0, "%s: %s after %s", shard, *record.SequenceNumber, last)
			last = number
			digits, _, _ := strings.Cut(string(record.Data), "|")
			index := must(strconv.Atoi(digits))
			before, seen := lastOfKey[*record.PartitionKey]
			check(!seen || before < index || sentAgain[index], "%s: order of record %d", shard, index)
			check(times[index] == 0 || sentAgain[index], "%s: record %d again", shard, index)
			times[index]++
			lastOfKey[*record.PartitionKey] = index
			found[place{shard, *record.SequenceNumber}] = record
		}
	}
	check(len(times) == len(records), "%d records", len(times))
	for i, place := range places {
		record, ok := found[place]
		check(ok && *record.PartitionKey == *records[i].PartitionKey && bytes.Equal(record.Data, records[i].Data),
			"record %d at %v: %v", i, place, record)
	}
	return len(times)
}

// checkError wants the error of the type E with this text in it.
func checkError[E smithy.APIError](text string, err error) {
	var wanted E
	check(errors.As(err, &wanted) && strings.Contains(wanted.ErrorMessage(), text), "not %T, %q: %v", wanted, text, err)
}

func main() {
	log.SetFlags(0)
	settings := must(config.LoadDefaultConfig(ctx))
	client := kinesis.NewFromConfig(settings, func(options *kinesis.Options) {
		options.BaseEndpoint = aws.String(os.Getenv("ENDPOINT"))
	})

	must(client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &stream, ShardCount: aws.Int32(2)}))
	waiter := kinesis.NewStreamExistsWaiter(client, func(options *kinesis.StreamExistsWaiterOptions) {
		options.MinDelay = time.Second
	})
	err := waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &stream}, 30*time.Second)
	check(err == nil, "%v", err)

	records := made()
	places := put(client, records)
	shards := must(client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &stream})).Shards
	check(len(shards) == 2, "%d shards", len(shards))
	readBack := map[string][]types.Record{}
	for _, shard := range shards {
		readBack[*shard.ShardId] = read(client, *shard.ShardId)
	}
	count := compare(readBack, places, records)

	_, err = client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{
		StreamName: aws.String(stream + "-missing")})
	checkError[*types.ResourceNotFoundException](
		fmt.Sprintf("Stream %s-missing under account 000000000000 not found.", stream), err)
	_, err = client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &stream, ShardCount: aws.Int32(2)})
	checkError[*types.ResourceInUseException](stream, err)
	_, err = client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("none")})
	checkError[*types.InvalidArgumentException]("", err)

	summary := must(client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &stream}))
	consumer := must(client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: summary.StreamDescriptionSummary.StreamARN, ConsumerName: aws.String("reader")})).Consumer
	arrived := map[string][]types.Record{}
	for shard, read := range readBack {
		arrived[shard] = subscribe(client, consumer.ConsumerARN, shard, len(read))
	}
	pushed := compare(arrived, places, records)

	must(client.DeleteStream(ctx, &kinesis.DeleteStreamInput{
		StreamName: &stream, EnforceConsumerDeletion: aws.Bool(true)}))
	line := must(json.Marshal(map[string]any{"version": aws.SDKVersion, "records": count, "pushed": pushed}))
	fmt.Println(string(line))
}
