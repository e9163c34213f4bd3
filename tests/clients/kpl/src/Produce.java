import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.UserRecordResult;
import software.amazon.kinesis.producer.protobuf.Messages.AggregatedRecord;

/**
 * Puts 2,000 user records with the Kinesis Producer Library, which packs them into few records of the stream, reads
 * those by the SDK for Java v2, unpacks them and compares: each user record is there once, with its key and data, in
 * the shard and the record that were acknowledged for it. The user records are of the form of those of a round, see
 * ../../clients.py. The library itself keeps no order, not even in what it packs together: it is checked between
 * batches, each of which is acknowledged before the next is put. The library's log has to be free of complaints.
 */
final class Produce {
  private static final URI ENDPOINT = URI.create(System.getenv("ENDPOINT"));
  private static final String STREAM = System.getenv("STREAM");
  private static final int BATCH = 500;
  private static final byte[] MAGIC = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2};
  private static final int DIGEST_SIZE = 16;
  private static final Path LOG = Path.of("producer.log");

  private record Entry(String key, ByteBuffer data) {}

  private record Place(String shard, String number) {}

  private static final List<Entry> RECORDS = IntStream.range(0, 2000)
      .mapToObj(i -> new Entry("key-" + i % 7, data(i))).toList();

  private final KinesisClient kinesis = KinesisClient.builder().endpointOverride(ENDPOINT).build();

  private static ByteBuffer data(int i) {
    byte[] digits = (i + "|").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer data = ByteBuffer.allocate(digits.length + 256).put(digits);
    for (int value = 0; value < 256; ++value) data.put((byte) value);
    return data.flip().asReadOnlyBuffer();
  }

  /** Its native process trusts the certificates of a file besides those it brings, and has TLS only. */
  private final KinesisProducer producer = new KinesisProducer(new KinesisProducerConfiguration()
      .setRegion(System.getenv("AWS_REGION"))
      .setKinesisEndpoint(ENDPOINT.getHost()).setKinesisPort(ENDPOINT.getPort())
      .setCloudwatchEndpoint(ENDPOINT.getHost()).setCloudwatchPort(ENDPOINT.getPort())
      .setMetricsUploadDelay(100)  // The default, a minute, is longer than this program runs.
      .setTempDirectory("target")  // The native process is unpacked there.
      .setCaCertFile(System.getenv("CA_FILE")));

  /** Returns, for each user record, where it was acknowledged. */
  private List<Place> put() throws Exception {
    List<Place> places = new ArrayList<>();
    for (int start = 0; start < RECORDS.size(); start += BATCH) {
      List<Future<UserRecordResult>> results = new ArrayList<>();
      for (Entry entry : RECORDS.subList(start, start + BATCH)) {
        results.add(producer.addUserRecord(STREAM, entry.key, entry.data.duplicate()));
      }
      for (Future<UserRecordResult> future : results) {
        UserRecordResult result = future.get();
        check(result.isSuccessful() && result.getAttempts().size() == 1, "attempts for record " + places.size());
        places.add(new Place(result.getShardId(), result.getSequenceNumber()));
      }
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

  /** The user records in a record of the stream: magic, a protocol buffer, and the MD5 of that. */
  private static List<Entry> unpack(Record record) throws Exception {
    byte[] data = record.data().asByteArray();
    if (!Arrays.equals(Arrays.copyOf(data, MAGIC.length), MAGIC)) {
      return List.of(new Entry(record.partitionKey(), ByteBuffer.wrap(data)));
    }
    byte[] packed = Arrays.copyOfRange(data, MAGIC.length, data.length - DIGEST_SIZE);
    byte[] digest = Arrays.copyOfRange(data, data.length - DIGEST_SIZE, data.length);
    check(Arrays.equals(digest, MessageDigest.getInstance("MD5").digest(packed)), "MD5 of " + record.sequenceNumber());
    AggregatedRecord aggregated = AggregatedRecord.parseFrom(packed);
    return aggregated.getRecordsList().stream()
        .map(user -> new Entry(aggregated.getPartitionKeyTable((int) user.getPartitionKeyIndex()),
            user.getData().asReadOnlyByteBuffer()))
        .toList();
  }

  /** Compares what a shard has with what was put, and marks what was found. Returns how many records were packed. */
  private static int compare(String shard, List<Record> records, List<Place> places, boolean[] found) throws Exception {
    int packed = 0;
    BigInteger last = BigInteger.ZERO;
    int batch = 0;
    for (Record record : records) {
      BigInteger number = new BigInteger(record.sequenceNumber());
      check(number.compareTo(last) > 0, shard + ": " + number + " after " + last);
      last = number;
      List<Entry> users = unpack(record);
      if (users.size() > 1) ++packed;
      for (Entry user : users) {
        String text = StandardCharsets.ISO_8859_1.decode(user.data.duplicate()).toString();
        int index = Integer.parseInt(text.split("\\|", 2)[0]);
        check(user.equals(RECORDS.get(index)), "record " + index + ": " + user.key + " " + text);
        check(places.get(index).equals(new Place(shard, record.sequenceNumber())), "place of record " + index);
        check(!found[index], "record " + index + " is there twice");
        found[index] = true;
        check(batch <= index / BATCH, shard + ": record " + index + " after batch " + batch);
        batch = index / BATCH;
      }
    }
    return packed;
  }

  /** A stream without on-demand mode has no distribution strategy, which the library warns of. */
  private static void checkLog() throws Exception {
    Thread.sleep(2000);  // The first metrics are sent after a second; that they are refused is logged at once.
    List<String> complaints = Files.readAllLines(LOG, StandardCharsets.ISO_8859_1).stream()
        .filter(line -> line.contains(" WARN ") || line.contains(" ERROR "))
        .filter(line -> !line.contains("Could not determine RecordDistributionStrategy")).toList();
    check(complaints.isEmpty(), complaints);
  }

  private static void check(boolean right, Object words) {
    if (!right) throw new AssertionError(words);
  }

  private static String version() throws Exception {
    Properties properties = new Properties();
    try (var file = KinesisProducer.class.getResourceAsStream(
        "/META-INF/maven/software.amazon.kinesis/amazon-kinesis-producer/pom.properties")) {
      properties.load(file);
    }
    return properties.getProperty("version");
  }

  private void run() throws Exception {
    kinesis.createStream(r -> r.streamName(STREAM).shardCount(2));
    kinesis.waiter().waitUntilStreamExists(r -> r.streamName(STREAM));
    List<Place> places = put();
    var shards = kinesis.listShards(r -> r.streamName(STREAM)).shards();
    check(shards.size() == 2, shards);
    boolean[] found = new boolean[RECORDS.size()];
    for (var shard : shards) {
      int packed = compare(shard.shardId(), read(shard.shardId()), places, found);
      check(packed > 0, shard.shardId() + ": no record with several user records in it");
    }
    for (int i = 0; i < found.length; ++i) check(found[i], "record " + i + " is missing");
    checkLog();
    kinesis.deleteStream(r -> r.streamName(STREAM));
    kinesis.close();
    System.out.printf("{\"version\": \"%s\", \"records\": %d}%n", version(), found.length);
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("org.slf4j.simpleLogger.logFile", LOG.toString());
    System.setProperty("javax.net.ssl.trustStore", System.getenv("TRUST_STORE"));
    System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    Produce produce = new Produce();
    try {
      produce.run();
    } catch (Throwable failure) {
      Files.readAllLines(LOG, StandardCharsets.ISO_8859_1).forEach(System.err::println);
      throw failure;
    } finally {
      produce.producer.destroy();
    }
    System.exit(0);  // Idle threads of the library would keep the program for some seconds.
  }
}
