import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.*;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.waiters.KinesisWaiter;

/** A round by the SDK for Java v2: by its synchronous client, or by its asynchronous one. See ../../clients.py. */
final class Round {
  private static final URI ENDPOINT = URI.create(System.getenv("ENDPOINT"));
  private static final String STREAM = System.getenv("STREAM");
  private static final boolean ASYNC = "async".equals(System.getenv("CLIENT"));

  private record Entry(String key, SdkBytes data) {}

  private record Place(String shard, String number) {}

  private static final List<Entry> RECORDS = IntStream.range(0, 200)
      .mapToObj(i -> new Entry("key-" + i % 7, data(i))).toList();

  private final KinesisAsyncClient async =
      ASYNC ? KinesisAsyncClient.builder().endpointOverride(ENDPOINT).build() : null;
  private final KinesisClient kinesis =
      ASYNC ? new Joined(async) : KinesisClient.builder().endpointOverride(ENDPOINT).build();

  private static SdkBytes data(int i) {
    byte[] digits = (i + "|").getBytes(StandardCharsets.US_ASCII);
    byte[] data = new byte[digits.length + 256];
    System.arraycopy(digits, 0, data, 0, digits.length);
    for (int value = 0; value < 256; ++value) data[digits.length + value] = (byte) value;
    return SdkBytes.fromByteArray(data);
  }

  /** Returns, for each record, where it was acknowledged. */
  private List<Place> put() {
    List<Place> places = new ArrayList<>();
    for (Entry entry : RECORDS.subList(0, 20)) {
      var answer = kinesis.putRecord(r -> r.streamName(STREAM).partitionKey(entry.key).data(entry.data));
      places.add(new Place(answer.shardId(), answer.sequenceNumber()));
    }
    for (int start : new int[] {20, 110}) {
      var batch = RECORDS.subList(start, start + 90).stream()
          .map(entry -> PutRecordsRequestEntry.builder().partitionKey(entry.key).data(entry.data).build()).toList();
      var answer = kinesis.putRecords(r -> r.streamName(STREAM).records(batch));
      check(answer.failedRecordCount() == 0, answer);
      answer.records().forEach(entry -> places.add(new Place(entry.shardId(), entry.sequenceNumber())));
    }
    return places;
  }

  private List<Record> read(String shard) {
    String iterator = kinesis.getShardIterator(
        r -> r.streamName(STREAM).shardId(shard).shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
    List<Record> records = new ArrayList<>();
    while (true) {
      String next = iterator;
      var answer = kinesis.getRecords(r -> r.shardIterator(next));
      records.addAll(answer.records());
      iterator = answer.nextShardIterator();
      if (answer.records().isEmpty() && answer.millisBehindLatest() == 0) return records;
    }
  }

  /** Ends its subscription when it has `count` records. */
  private List<Record> subscribe(String consumer, String shard, int count) {
    List<Record> records = new ArrayList<>();
    CompletableFuture<Void> done = new CompletableFuture<>();
    var handler = SubscribeToShardResponseHandler.builder()
        .onError(done::completeExceptionally)
        .onEventStream(events -> events.filter(SubscribeToShardEvent.class)
            .flatMapIterable(SubscribeToShardEvent::records).limit(count).subscribe(records::add)
            .whenComplete((nothing, failure) -> {
              if (failure == null) done.complete(null);
              else done.completeExceptionally(failure);
            }))
        .build();
    async.subscribeToShard(
        r -> r.consumerARN(consumer).shardId(shard).startingPosition(p -> p.type(ShardIteratorType.TRIM_HORIZON)),
        handler);
    done.join();
    return records;
  }

  /** `shards` is what was read of each. */
  private static int compare(Map<String, List<Record>> shards, List<Place> places) {
    Map<Place, Entry> found = new HashMap<>();
    shards.forEach((shard, records) -> {
      BigInteger last = BigInteger.ZERO;
      Map<String, Integer> lastOfKey = new HashMap<>();
      for (Record record : records) {
        BigInteger number = new BigInteger(record.sequenceNumber());
        check(number.compareTo(last) > 0, shard + ": " + number + " after " + last);
        last = number;
        int index = Integer.parseInt(record.data().asString(StandardCharsets.ISO_8859_1).split("\\|", 2)[0]);
        Integer before = lastOfKey.put(record.partitionKey(), index);
        check(before == null || before < index, shard + ": order of record " + index);
        found.put(new Place(shard, record.sequenceNumber()), new Entry(record.partitionKey(), record.data()));
      }
    });
    int count = shards.values().stream().mapToInt(List::size).sum();
    check(count == RECORDS.size() && found.size() == count, count + " records, of them " + found.size() + " apart");
    for (int i = 0; i < count; ++i) check(RECORDS.get(i).equals(found.get(places.get(i))), "record " + i);
    return count;
  }

  private static void checkError(Class<? extends KinesisException> type, String message, Runnable call) {
    try {
      call.run();
    } catch (KinesisException error) {
      check(error.getClass() == type, error);
      check(error.awsErrorDetails().errorCode().equals(type.getSimpleName()), error);
      check(error.awsErrorDetails().errorMessage().contains(message), error);
      return;
    }
    throw new AssertionError("no " + type.getSimpleName());
  }

  private static void check(boolean right, Object words) {
    if (!right) throw new AssertionError(words);
  }

  private void run() {
    kinesis.createStream(r -> r.streamName(STREAM).shardCount(2));
    try (var waiter = KinesisWaiter.builder().client(kinesis).build()) {
      waiter.waitUntilStreamExists(r -> r.streamName(STREAM));
    }
    List<Place> places = put();
    var shards = kinesis.listShards(r -> r.streamName(STREAM)).shards();
    check(shards.size() == 2, shards);
    Map<String, List<Record>> readBack = new TreeMap<>();
    shards.forEach(shard -> readBack.put(shard.shardId(), read(shard.shardId())));
    int count = compare(readBack, places);

    checkError(ResourceNotFoundException.class,
        "Stream " + STREAM + "-missing under account 000000000000 not found.",
        () -> kinesis.describeStreamSummary(r -> r.streamName(STREAM + "-missing")));
    checkError(ResourceInUseException.class, STREAM,
        () -> kinesis.createStream(r -> r.streamName(STREAM).shardCount(2)));
    checkError(InvalidArgumentException.class, "", () -> kinesis.getRecords(r -> r.shardIterator("none")));

    String pushed = ASYNC ? ", \"pushed\": " + push(readBack, places) : "";
    kinesis.deleteStream(r -> r.streamName(STREAM).enforceConsumerDeletion(true));
    kinesis.close();
    System.out.printf("{\"version\": \"%s\", \"records\": %d%s}%n", VersionInfo.SDK_VERSION, count, pushed);
  }

  private int push(Map<String, List<Record>> readBack, List<Place> places) {
    String stream = kinesis.describeStreamSummary(r -> r.streamName(STREAM)).streamDescriptionSummary().streamARN();
    String consumer = kinesis.registerStreamConsumer(r -> r.streamARN(stream).consumerName("reader"))
        .consumer().consumerARN();
    Map<String, List<Record>> pushed = new TreeMap<>();
    readBack.forEach((shard, records) -> pushed.put(shard, subscribe(consumer, shard, records.size())));
    return compare(pushed, places);
  }

  public static void main(String[] arguments) {
    String trusted = System.getenv("TRUST_STORE");
    if (trusted != null) {
      System.setProperty("javax.net.ssl.trustStore", trusted);
      System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    }
    new Round().run();
  }
}
