import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.kinesis.AmazonKinesis;
import com.amazonaws.services.kinesis.AmazonKinesisClientBuilder;
import com.amazonaws.services.kinesis.model.*;
import com.amazonaws.services.kinesis.model.Record;
import com.amazonaws.util.VersionInfoUtils;
import com.amazonaws.waiters.WaiterParameters;

/** A round by the SDK for Java v1, which cannot subscribe. See ../../clients.py. */
final class Round {
  private static final String STREAM = System.getenv("STREAM");

  private record Entry(String key, ByteBuffer data) {}

  private record Place(String shard, String number) {}

  private static final List<Entry> RECORDS = IntStream.range(0, 200)
      .mapToObj(i -> new Entry("key-" + i % 7, data(i))).toList();

  private final AmazonKinesis kinesis = AmazonKinesisClientBuilder.standard()
      .withEndpointConfiguration(new EndpointConfiguration(System.getenv("ENDPOINT"), System.getenv("AWS_REGION")))
      .build();

  private static ByteBuffer data(int i) {
    byte[] digits = (i + "|").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer data = ByteBuffer.allocate(digits.length + 256).put(digits);
    for (int value = 0; value < 256; ++value) data.put((byte) value);
    return data.flip().asReadOnlyBuffer();
  }

  /** Returns, for each record, where it was acknowledged. */
  private List<Place> put() {
    List<Place> places = new ArrayList<>();
    for (Entry entry : RECORDS.subList(0, 20)) {
      var answer = kinesis.putRecord(STREAM, entry.data, entry.key);
      places.add(new Place(answer.getShardId(), answer.getSequenceNumber()));
    }
    for (int start : new int[] {20, 110}) {
      var batch = RECORDS.subList(start, start + 90).stream()
          .map(entry -> new PutRecordsRequestEntry().withPartitionKey(entry.key).withData(entry.data)).toList();
      var answer = kinesis.putRecords(new PutRecordsRequest().withStreamName(STREAM).withRecords(batch));
      check(answer.getFailedRecordCount() == 0, answer);
      answer.getRecords().forEach(entry -> places.add(new Place(entry.getShardId(), entry.getSequenceNumber())));
    }
    return places;
  }

  private List<Record> read(String shard) {
    String iterator = kinesis.getShardIterator(STREAM, shard, "TRIM_HORIZON").getShardIterator();
    List<Record> records = new ArrayList<>();
    while (true) {
      var answer = kinesis.getRecords(new GetRecordsRequest().withShardIterator(iterator));
      records.addAll(answer.getRecords());
      iterator = answer.getNextShardIterator();
      if (answer.getRecords().isEmpty() && answer.getMillisBehindLatest() == 0) return records;
    }
  }

  /** `shards` is what was read of each. */
  private static int compare(Map<String, List<Record>> shards, List<Place> places) {
    Map<Place, Entry> found = new HashMap<>();
    shards.forEach((shard, records) -> {
      BigInteger last = BigInteger.ZERO;
      Map<String, Integer> lastOfKey = new HashMap<>();
      for (Record record : records) {
        BigInteger number = new BigInteger(record.getSequenceNumber());
        check(number.compareTo(last) > 0, shard + ": " + number + " after " + last);
        last = number;
        String text = StandardCharsets.ISO_8859_1.decode(record.getData().duplicate()).toString();
        int index = Integer.parseInt(text.split("\\|", 2)[0]);
        Integer before = lastOfKey.put(record.getPartitionKey(), index);
        check(before == null || before < index, shard + ": order of record " + index);
        found.put(new Place(shard, record.getSequenceNumber()), new Entry(record.getPartitionKey(), record.getData()));
      }
    });
    int count = shards.values().stream().mapToInt(List::size).sum();
    check(count == RECORDS.size() && found.size() == count, count + " records, of them " + found.size() + " apart");
    for (int i = 0; i < count; ++i) check(RECORDS.get(i).equals(found.get(places.get(i))), "record " + i);
    return count;
  }

  private static void checkError(Class<? extends AmazonKinesisException> type, String message, Runnable call) {
    try {
      call.run();
    } catch (AmazonKinesisException error) {
      check(error.getClass() == type, error);
      check(error.getErrorCode().equals(type.getSimpleName()), error);
      check(error.getErrorMessage().contains(message), error);
      return;
    }
    throw new AssertionError("no " + type.getSimpleName());
  }

  private static void check(boolean right, Object words) {
    if (!right) throw new AssertionError(words);
  }

  private void run() {
    kinesis.createStream(STREAM, 2);
    kinesis.waiters().streamExists().run(
        new WaiterParameters<>(new DescribeStreamRequest().withStreamName(STREAM)));
    List<Place> places = put();
    var shards = kinesis.listShards(new ListShardsRequest().withStreamName(STREAM)).getShards();
    check(shards.size() == 2, shards);
    Map<String, List<Record>> readBack = new TreeMap<>();
    shards.forEach(shard -> readBack.put(shard.getShardId(), read(shard.getShardId())));
    int count = compare(readBack, places);

    checkError(ResourceNotFoundException.class,
        "Stream " + STREAM + "-missing under account 000000000000 not found.",
        () -> kinesis.describeStreamSummary(new DescribeStreamSummaryRequest().withStreamName(STREAM + "-missing")));
    checkError(ResourceInUseException.class, STREAM, () -> kinesis.createStream(STREAM, 2));
    checkError(InvalidArgumentException.class, "",
        () -> kinesis.getRecords(new GetRecordsRequest().withShardIterator("none")));

    kinesis.deleteStream(STREAM);
    kinesis.shutdown();
    System.out.printf("{\"version\": \"%s\", \"records\": %d}%n", VersionInfoUtils.getVersion(), count);
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
