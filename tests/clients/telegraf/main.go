// Telegraf with its two plug-ins for Kinesis, instead of the round of ../clients.py:
//
//  1. One Telegraf reads 600 metrics from a file and puts them into a stream of 2 shards (outputs.kinesis, which makes
//     records of at most 500 at a time); the partition key is a tag of the metric.
//  2. With MERGE in the environment, the shards are merged. Another 600 metrics are put.
//  3. Another reads the stream from its beginning (inputs.kinesis_consumer) and writes a file.
//  4. Each metric has to be there, as it was, and those of one tag in the order in which they were put. By plain
//     HTTP/1.1 the SDK now and then closes its own connection and puts a batch again, so repeats are left out there.
//
// The position is kept nowhere, because that wants a table of another service.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	settings "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/config"
	_ "github.com/influxdata/telegraf/plugins/inputs/file"
	_ "github.com/influxdata/telegraf/plugins/inputs/kinesis_consumer"
	_ "github.com/influxdata/telegraf/plugins/outputs/file"
	_ "github.com/influxdata/telegraf/plugins/outputs/kinesis"
	_ "github.com/influxdata/telegraf/plugins/parsers/influx"
	_ "github.com/influxdata/telegraf/plugins/serializers/influx"
)

const (
	count   = 1200
	devices = 7
	patient = 30 * time.Second
)

var (
	ctx      = context.Background()
	endpoint = os.Getenv("ENDPOINT")
	stream   = os.Getenv("STREAM")
	region   = os.Getenv("AWS_REGION")
)

const writing = `
[agent]
  omit_hostname = true
  precision = "1ns"
[[inputs.file]]
  files = [%q]
[[outputs.kinesis]]
  region = %q
  endpoint_url = %q
  streamname = %q
  [outputs.kinesis.partition]
    method = "tag"
    key = "device"
`

const reading = `
[agent]
  omit_hostname = true
  precision = "1ns"
  flush_interval = "200ms"
[[inputs.kinesis_consumer]]
  region = %q
  endpoint_url = %q
  streamname = %q
[[outputs.file]]
  files = [%q]
`

func check(holds bool, format string, words ...any) {
	if !holds {
		log.Fatalf(format, words...)
	}
}

// must returns what a call answered, and ends the program if it failed.
func must[T any](answer T, err error) T {
	check(err == nil, "%v", err)
	return answer
}

// made are the metrics in the form in which Telegraf writes them.
func made() []string {
	var lines []string
	for i := range count {
		lines = append(lines, fmt.Sprintf(`reading,device=d%d,place=a\ b\,ü number=%di,ratio=%d.5,text="\"quoted\", ü" %d`,
			i%devices, i, i, 1700000000000000000+i))
	}
	return lines
}

func newTelegraf(folder, name, format string, words ...any) *agent.Agent {
	file := filepath.Join(folder, name)
	check(os.WriteFile(file, fmt.Appendf(nil, format, words...), 0o600) == nil, "cannot write %s", file)
	wanted := config.NewConfig()
	err := wanted.LoadAll(file)
	check(err == nil, "%v", err)
	return agent.NewAgent(wanted)
}

func put(folder string, lines []string) {
	file := filepath.Join(folder, "put.influx")
	check(os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600) == nil, "cannot write %s", file)
	err := newTelegraf(folder, "writing.conf", writing, file, region, endpoint, stream).Once(ctx, 0)
	check(err == nil, "%v", err)
}

// read runs until as many metrics have come as were put, and a little longer, to see if any comes twice.
func read(folder string) []string {
	file := filepath.Join(folder, "read.influx")
	running, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		done <- newTelegraf(folder, "reading.conf", reading, region, endpoint, stream, file).Run(running)
	}()
	var lines []string
	for until := time.Now().Add(patient); len(withoutRepeats(lines)) < count && time.Now().Before(until); {
		time.Sleep(100 * time.Millisecond)
		text, _ := os.ReadFile(file) // Not there before the first metric.
		lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	time.Sleep(time.Second)
	stop()
	err := <-done
	check(err == nil, "%v", err)
	return strings.Split(strings.TrimSuffix(string(must(os.ReadFile(file))), "\n"), "\n")
}

// compare looks at each device alone, because the shards are mixed.
func compare(lines, put []string) {
	if strings.HasPrefix(endpoint, "http:") {
		lines = withoutRepeats(lines)
	}
	check(len(lines) == len(put), "%d metrics", len(lines))
	for device := range devices {
		tag := fmt.Sprintf(",device=d%d,", device)
		wanted, found := only(put, tag), only(lines, tag)
		check(len(wanted) == len(found), "%s %d metrics", tag, len(found))
		for i := range wanted {
			check(wanted[i] == found[i], "metric %d of%s\n%s\nwas put, and read was\n%s", i, tag, wanted[i], found[i])
		}
	}
}

func withoutRepeats(lines []string) []string {
	var first []string
	seen := map[string]bool{}
	for _, line := range lines {
		if !seen[line] {
			first = append(first, line)
		}
		seen[line] = true
	}
	return first
}

func only(lines []string, tag string) []string {
	var found []string
	for _, line := range lines {
		if strings.Contains(line, tag) {
			found = append(found, line)
		}
	}
	return found
}

func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/influxdata/telegraf" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}

func waitUntilActive(client *kinesis.Client) {
	waiter := kinesis.NewStreamExistsWaiter(client, func(options *kinesis.StreamExistsWaiterOptions) {
		options.MinDelay = time.Second
	})
	err := waiter.Wait(ctx, &kinesis.DescribeStreamInput{StreamName: &stream}, patient)
	check(err == nil, "%v", err)
}

func merge(client *kinesis.Client) {
	shards := must(client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &stream})).Shards
	must(client.MergeShards(ctx, &kinesis.MergeShardsInput{
		StreamName: &stream, ShardToMerge: shards[0].ShardId, AdjacentShardToMerge: shards[1].ShardId}))
}

func main() {
	client := kinesis.NewFromConfig(must(settings.LoadDefaultConfig(ctx)), func(options *kinesis.Options) {
		options.BaseEndpoint = &endpoint
	})
	must(client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &stream, ShardCount: aws.Int32(2)}))
	waitUntilActive(client)

	folder := must(os.MkdirTemp("", "telegraf-"))
	defer os.RemoveAll(folder)
	lines := made()
	put(folder, lines[:count/2])
	if os.Getenv("MERGE") != "" {
		merge(client)
		waitUntilActive(client)
	}
	put(folder, lines[count/2:])
	compare(read(folder), lines)

	must(client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &stream}))
	fmt.Printf("{\"version\": %q, \"records\": %d}\n", version(), len(lines))
}
