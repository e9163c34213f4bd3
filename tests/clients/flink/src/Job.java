import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.kinesis.sink.KinesisStreamsSink;
import org.apache.flink.connector.kinesis.source.KinesisStreamsSource;
import org.apache.flink.connector.kinesis.source.config.KinesisStreamsSourceConfigConstants;
import org.apache.flink.connector.kinesis.source.config.KinesisStreamsSourceConfigConstants.InitialPosition;
import org.apache.flink.connector.kinesis.source.serialization.KinesisDeserializationSchema;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.core.retry.backoff.FixedDelayBackoffStrategy;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.http.apache.ApacheHttpClient;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.services.kinesis.KinesisClient;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.services.kinesis.model.Record;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.services.kinesis.model.Shard;
import org.apache.flink.kinesis.shaded.software.amazon.awssdk.services.kinesis.waiters.KinesisWaiter;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * Apache Flink with its sink and source for Kinesis, instead of the round of ../../clients.py:
 *
 * <ol>
 *   <li>A job puts the first half of 1200 records into a stream of 2 shards (KinesisStreamsSink). Their keys and data
 *       are those of the round.
 *   <li>With MERGE in the environment, the shards are merged. The job puts the second half.
 *   <li>Another job reads the stream from its beginning (KinesisStreamsSource).
 *   <li>Each record has to be there once, with its key and its data; in a shard the sequence numbers rise. The records
 *       of one key may change places, because the sink has several requests under way.
 * </ol>
 */
public final class Job {
  private static final int COUNT = 1200;
  private static final long PATIENCE_MS = 60_000;
  private static final String ENDPOINT = System.getenv("ENDPOINT");
  private static final String STREAM = System.getenv("STREAM");
  private static final String REGION = System.getenv("AWS_REGION");

  private static final boolean MERGES = System.getenv("MERGE") != null;

  /** What the reading job, which is in this process, has read: shard, sequence number, key and data. */
  private static final Queue<Tuple4<String, String, String, byte[]>> READ = new ConcurrentLinkedQueue<>();

  private static String key(long i) {
    return "key-" + i % 7;
  }

  private static byte[] data(long i) {
    byte[] head = (i + "|").getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[head.length + 256];
    System.arraycopy(head, 0, all, 0, head.length);
    for (int value = 0; value < 256; ++value) {
      all[head.length + value] = (byte) value;
    }
    return all;
  }

  /** A cluster in this process, which serves nothing outside this machine. */
  private static StreamExecutionEnvironment cluster() {
    Configuration configuration = new Configuration();
    configuration.set(JobManagerOptions.BIND_HOST, "127.0.0.1");
    configuration.set(TaskManagerOptions.BIND_HOST, "127.0.0.1");
    configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
    return StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
  }

  private static void put(long first, long last) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("aws.region", REGION);
    properties.setProperty("aws.endpoint", ENDPOINT);
    StreamExecutionEnvironment job = cluster();
    job.fromSequence(first, last).sinkTo(
        KinesisStreamsSink.<Long>builder()
            .setStreamName(STREAM)
            .setKinesisClientProperties(properties)
            .setSerializationSchema(Job::data)
            .setPartitionKeyGenerator(Job::key)
            .setFailOnError(true)
            .build());
    job.execute("put");
  }

  private static final class Placed implements KinesisDeserializationSchema<Tuple4<String, String, String, byte[]>> {
    @Override
    public void deserialize(
        Record record, String stream, String shard, Collector<Tuple4<String, String, String, byte[]>> output) {
      output.collect(
          Tuple4.of(shard, record.sequenceNumber(), record.partitionKey(), record.data().asByteArray()));
    }

    @Override
    public TypeInformation<Tuple4<String, String, String, byte[]>> getProducedType() {
      return Types.TUPLE(Types.STRING, Types.STRING, Types.STRING, Types.PRIMITIVE_ARRAY(Types.BYTE));
    }
  }

  /** Reads until as many records have come as were put, and a little longer, to see if any comes twice. */
  private static void read(String arn) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("aws.region", REGION);
    configuration.setString("aws.endpoint", ENDPOINT);
    configuration.set(KinesisStreamsSourceConfigConstants.STREAM_INITIAL_POSITION, InitialPosition.TRIM_HORIZON);
    StreamExecutionEnvironment job = cluster();
    KinesisStreamsSource<Tuple4<String, String, String, byte[]>> source =
        KinesisStreamsSource.<Tuple4<String, String, String, byte[]>>builder()
            .setStreamArn(arn)
            .setSourceConfig(configuration)
            .setDeserializationSchema(new Placed())
            .build();
    job.fromSource(source, WatermarkStrategy.noWatermarks(), "stream", new Placed().getProducedType())
        .filter(record -> READ.add(record)) // Not READ::add, with which a copy of READ would go along.
        .sinkTo(new DiscardingSink<>());
    JobClient running = job.executeAsync("read");
    CompletableFuture<JobExecutionResult> failed = running.getJobExecutionResult();
    long until = System.currentTimeMillis() + PATIENCE_MS;
    while (READ.size() < COUNT && !failed.isDone() && System.currentTimeMillis() < until) {
      Thread.sleep(100);
    }
    Thread.sleep(2000);
    if (failed.isDone()) {
      failed.get(); // Throws what it failed with.
    }
    running.cancel().get();
  }

  private static void check(boolean holds, String words) {
    if (!holds) {
      throw new AssertionError(words);
    }
  }

  private static void compare() {
    check(READ.size() == COUNT, READ.size() + " records");
    Map<String, BigInteger> last = new HashMap<>();
    boolean[] seen = new boolean[COUNT];
    for (Tuple4<String, String, String, byte[]> record : READ) {
      BigInteger number = new BigInteger(record.f1);
      BigInteger before = last.put(record.f0, number);
      check(before == null || before.compareTo(number) < 0, record.f0 + ": " + number + " after " + before);
      String text = new String(record.f3, StandardCharsets.ISO_8859_1);
      int i = Integer.parseInt(text.substring(0, text.indexOf('|')));
      check(!seen[i], "record " + i + " came twice");
      seen[i] = true;
      check(record.f2.equals(key(i)), "record " + i + " has the key " + record.f2);
      check(Arrays.equals(record.f3, data(i)), "record " + i + " is " + Arrays.toString(record.f3));
    }
    check(last.size() == (MERGES ? 3 : 2), "records came of " + last.keySet());
  }

  private static void waitUntilActive(KinesisClient kinesis) {
    KinesisWaiter waiter =
        KinesisWaiter.builder()
            .client(kinesis)
            .overrideConfiguration(
                options -> options.backoffStrategy(FixedDelayBackoffStrategy.create(Duration.ofSeconds(1))))
            .build();
    waiter.waitUntilStreamExists(request -> request.streamName(STREAM));
  }

  private static void merge(KinesisClient kinesis) {
    List<Shard> shards = kinesis.listShards(request -> request.streamName(STREAM)).shards();
    kinesis.mergeShards(
        request ->
            request.streamName(STREAM)
                .shardToMerge(shards.get(0).shardId())
                .adjacentShardToMerge(shards.get(1).shardId()));
    waitUntilActive(kinesis);
  }

  public static void main(String[] words) throws Exception {
    String trusted = System.getenv("TRUST_STORE");
    if (trusted != null) {
      System.setProperty("javax.net.ssl.trustStore", trusted);
      System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    }
    // The client that the connector brings along.
    KinesisClient kinesis =
        KinesisClient.builder()
            .endpointOverride(URI.create(ENDPOINT))
            .httpClient(ApacheHttpClient.create())
            .build();
    kinesis.createStream(request -> request.streamName(STREAM).shardCount(2));
    waitUntilActive(kinesis);
    String arn =
        kinesis.describeStreamSummary(request -> request.streamName(STREAM)).streamDescriptionSummary().streamARN();
    put(0, COUNT / 2 - 1);
    if (MERGES) {
      merge(kinesis);
    }
    put(COUNT / 2, COUNT - 1);
    read(arn);
    compare();
    kinesis.deleteStream(request -> request.streamName(STREAM));
    String version = KinesisStreamsSource.class.getPackage().getImplementationVersion();
    System.out.printf("{\"version\": \"%s\", \"records\": %d}%n", version, READ.size());
    System.exit(0);
  }
}
