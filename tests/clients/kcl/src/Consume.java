import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.ScalingType;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * Processes a stream with the Kinesis Client Library while records are put into it and its shards are split, merged
 * and counted anew, for SECONDS. Instead of a round, see ../../clients.py; it checks that
 *
 * - each record that was acknowledged is processed once, in the shard and with the sequence number acknowledged, and
 *   nothing else is;
 * - the records of each key are processed in the order in which they were put, those of each shard in that of their
 *   numbers, and those of parents before those of their children;
 * - each shard was begun at its start, each closed one was ended, and the checkpoints in their leases are SHARD_END or
 *   the last record's number;
 * - the library shuts down when asked to.
 */
final class Consume {
  private static final String VERSION = RetrievalConfig.KINESIS_CLIENT_LIB_USER_AGENT_VERSION;
  private static final URI ENDPOINT = URI.create(System.getenv("ENDPOINT"));
  private static final URI LEASES_ENDPOINT = URI.create(System.getenv("LEASES_ENDPOINT"));
  private static final String STREAM = System.getenv("STREAM");
  private static final Duration TIME = Duration.ofMillis((long) (Double.parseDouble(System.getenv("SECONDS")) * 1000));
  private static final boolean IS_POLLING = "polling".equals(System.getenv("RETRIEVAL"));
  private static final int KEYS = 100;
  private static final int BATCH = 20;
  private static final Duration BATCH_INTERVAL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  /** From then on the library deletes leases of shards that it has done with. */
  private static final Duration LEASE_CLEANUP = Duration.ofMinutes(5);

  private final KinesisAsyncClient kinesis = KinesisAsyncClient.builder().endpointOverride(ENDPOINT).build();
  private final DynamoDbAsyncClient leases = DynamoDbAsyncClient.builder().endpointOverride(LEASES_ENDPOINT).build();
  private final List<Journal.Entry> acknowledged = new ArrayList<>();
  private final Journal journal = new Journal();

  /** All is the library's default but for what has a reason here. */
  private Scheduler scheduler() {
    KinesisAsyncClient client =
        KinesisClientUtil.createKinesisAsyncClient(KinesisAsyncClient.builder().endpointOverride(ENDPOINT));
    // Metrics are on, at their default level: the server takes them on the same port.
    CloudWatchAsyncClient metrics = CloudWatchAsyncClient.builder().endpointOverride(ENDPOINT).build();
    // The default is LATEST, which would leave out what is put before the first shards are begun.
    var begin = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
    var configs = new ConfigsBuilder(
        new SingleStreamTracker(STREAM, begin), STREAM, client, leases, metrics, "worker",
        () -> journal.new Processor());
    RetrievalConfig retrieval = configs.retrievalConfig();
    // Without a configuration of its own it is fan-out.
    if (IS_POLLING) retrieval.retrievalSpecificConfig(new PollingConfig(STREAM, client));
    return new Scheduler(
        configs.checkpointConfig(),
        // A child waits that long before it looks again whether its parents are done; 10 s by default.
        configs.coordinatorConfig().parentShardPollIntervalMillis(1000),
        configs.leaseManagementConfig()
            // Leases of new shards are given to workers each two of these; it is 10 s by default, and the shards that
            // UpdateShardCount makes in between have up to four generations.
            .failoverTimeMillis(3000)
            // At its start the library waits so long after it has read the list of shards; 60 s by default.
            .shardSyncIntervalMillis(1000)
            // Leases are compared with the shards each two minutes by default, which a run of one would not reach.
            .leasesRecoveryAuditorExecutionFrequencyMillis(10_000),
        configs.lifecycleConfig(), configs.metricsConfig(), configs.processorConfig(), retrieval);
  }

  private void put(int start) {
    List<PutRecordsRequestEntry> batch = new ArrayList<>();
    for (int i = start; i < start + BATCH; ++i) {
      batch.add(PutRecordsRequestEntry.builder()
          .partitionKey("key-" + i % KEYS).data(SdkBytes.fromUtf8String(String.valueOf(i / KEYS))).build());
    }
    // Waited for before the next one, so that the records of a key are in order.
    var answer = kinesis.putRecords(r -> r.streamName(STREAM).records(batch)).join();
    check(answer.failedRecordCount() == 0, answer);
    for (int i = 0; i < BATCH; ++i) {
      var entry = answer.records().get(i);
      acknowledged.add(new Journal.Entry(
          entry.shardId(), entry.sequenceNumber(), batch.get(i).partitionKey(), (start + i) / KEYS));
    }
  }

  private List<Shard> shards() {
    return kinesis.listShards(r -> r.streamName(STREAM)).join().shards();
  }

  private List<Shard> openShards() {
    return shards().stream().filter(shard -> !isClosed(shard))
        .sorted(Comparator.comparing(shard -> new BigInteger(shard.hashKeyRange().startingHashKey()))).toList();
  }

  private static boolean isClosed(Shard shard) {
    return shard.sequenceNumberRange().endingSequenceNumber() != null;
  }

  private void split() {
    Shard shard = openShards().get(1);
    BigInteger start = new BigInteger(shard.hashKeyRange().startingHashKey());
    BigInteger end = new BigInteger(shard.hashKeyRange().endingHashKey());
    String middle = start.add(end).shiftRight(1).toString();
    kinesis.splitShard(r -> r.streamName(STREAM).shardToSplit(shard.shardId()).newStartingHashKey(middle)).join();
  }

  /** The first half of what was split, with its other neighbour. */
  private void merge() {
    List<Shard> open = openShards();
    kinesis.mergeShards(r -> r.streamName(STREAM)
        .shardToMerge(open.get(0).shardId()).adjacentShardToMerge(open.get(1).shardId())).join();
  }

  private void updateCount() {
    kinesis.updateShardCount(
        r -> r.streamName(STREAM).targetShardCount(6).scalingType(ScalingType.UNIFORM_SCALING)).join();
  }

  private void putAndReshard() throws InterruptedException {
    List<Runnable> reshards = new ArrayList<>(List.of(this::split, this::merge, this::updateCount));
    Duration step = TIME.dividedBy(reshards.size() + 1);
    long begin = System.nanoTime();
    Duration next = step;
    for (Duration passed = Duration.ZERO; passed.compareTo(TIME) < 0; passed = since(begin)) {
      put(acknowledged.size());
      if (passed.compareTo(next) >= 0 && !reshards.isEmpty()) {
        reshards.remove(0).run();
        next = next.plus(step);
      }
      Duration due = BATCH_INTERVAL.multipliedBy(acknowledged.size() / BATCH);
      Thread.sleep(Math.max(0, due.minus(since(begin)).toMillis()));
    }
    check(reshards.isEmpty(), reshards.size() + " reshards were not done");
  }

  private static Duration since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private static boolean await(BooleanSupplier isDone) throws InterruptedException {
    for (long begin = System.nanoTime(); !isDone.getAsBoolean(); Thread.sleep(100)) {
      if (since(begin).compareTo(PATIENCE) > 0) return false;
    }
    return true;
  }

  /** Waits until nothing is left to do. */
  private void drain(List<Shard> shards) throws InterruptedException {
    Set<String> all = ids(shards, shard -> true);
    Set<String> closed = ids(shards, Consume::isClosed);
    boolean isDone = await(() -> journal.done.get() >= acknowledged.size()
        && journal.started.containsAll(all) && journal.ended.containsAll(closed));
    check(isDone, journal.done + " of " + acknowledged.size() + " records; begun " + journal.started + " of " + all
        + "; ended " + journal.ended + " of " + closed + "; " + journal.wrong);
  }

  private static Set<String> ids(List<Shard> shards, Predicate<Shard> which) {
    return shards.stream().filter(which).map(Shard::shardId).collect(Collectors.toSet());
  }

  private void compare(List<Shard> shards) {
    List<Journal.Entry> seen = journal.entries();
    check(seen.size() == acknowledged.size(), seen.size() + " records instead of " + acknowledged.size());
    check(new HashSet<>(seen).equals(new HashSet<>(acknowledged)), "records differ");
    Map<String, Long> countOfKey = new HashMap<>();
    Map<String, BigInteger> lastOfShard = new HashMap<>();
    Map<String, Integer> firstPosition = new HashMap<>();
    Map<String, Integer> lastPosition = new HashMap<>();
    for (int i = 0; i < seen.size(); ++i) {
      Journal.Entry entry = seen.get(i);
      long count = countOfKey.merge(entry.key(), 1L, Long::sum) - 1;
      check(entry.count() == count, entry + " where number " + count + " of its key is due");
      BigInteger number = new BigInteger(entry.number());
      BigInteger before = lastOfShard.put(entry.shard(), number);
      check(before == null || before.compareTo(number) < 0, entry + " after " + before);
      firstPosition.putIfAbsent(entry.shard(), i);
      lastPosition.put(entry.shard(), i);
    }
    for (Shard shard : shards) {
      for (String parent : new String[] {shard.parentShardId(), shard.adjacentParentShardId()}) {
        if (!lastPosition.containsKey(parent) || !firstPosition.containsKey(shard.shardId())) continue;
        check(lastPosition.get(parent) < firstPosition.get(shard.shardId()), shard.shardId() + " before " + parent);
      }
    }
    check(journal.wrong.isEmpty(), journal.wrong);
    check(journal.started.equals(ids(shards, shard -> true)), "begun " + journal.started);
    check(journal.ended.equals(ids(shards, Consume::isClosed)), "ended " + journal.ended);
    check(journal.stopped.equals(ids(shards, shard -> !isClosed(shard))), "stopped " + journal.stopped);
    compareLeases(shards, lastOfShard);
  }

  private void compareLeases(List<Shard> shards, Map<String, BigInteger> lastOfShard) {
    Map<String, String> checkpoints = leases.scan(r -> r.tableName(STREAM).consistentRead(true)).join().items().stream()
        .filter(item -> item.containsKey("checkpoint"))
        .collect(Collectors.toMap(item -> item.get("leaseKey").s(), item -> item.get("checkpoint").s()));
    for (Shard shard : shards) {
      String checkpoint = checkpoints.remove(shard.shardId());
      if (checkpoint == null && isClosed(shard) && TIME.compareTo(LEASE_CLEANUP) >= 0) continue;
      BigInteger last = lastOfShard.get(shard.shardId());
      String due = isClosed(shard) ? "SHARD_END" : last == null ? "TRIM_HORIZON" : last.toString();
      check(due.equals(checkpoint), shard.shardId() + ": checkpoint " + checkpoint + " instead of " + due);
    }
    check(checkpoints.isEmpty(), "leases of no shards: " + checkpoints);
  }

  private static void check(boolean right, Object words) {
    if (!right) throw new AssertionError(words);
  }

  private static void shutDown(Scheduler scheduler) throws Exception {
    // The graceful shutdown of version 2 waits without end for processors of closed shards, as long as their leases
    // are there.
    if (VERSION.startsWith("2.")) scheduler.shutdown();
    else check(scheduler.startGracefulShutdown().get(PATIENCE.toSeconds(), TimeUnit.SECONDS), "no graceful shutdown");
  }

  private void run() throws Exception {
    kinesis.createStream(r -> r.streamName(STREAM).shardCount(4)).join();
    kinesis.waiter().waitUntilStreamExists(r -> r.streamName(STREAM)).join();
    Scheduler scheduler = scheduler();
    Thread worker = new Thread(scheduler);
    worker.start();
    check(await(() -> journal.started.size() == 4), "begun " + journal.started);
    putAndReshard();
    List<Shard> shards = shards();
    check(openShards().size() == 6, openShards());
    drain(shards);
    shutDown(scheduler);
    worker.join(PATIENCE.toMillis());
    check(!worker.isAlive(), "the scheduler goes on");
    compare(shards);
    kinesis.deleteStream(r -> r.streamName(STREAM).enforceConsumerDeletion(true)).join();
    System.out.printf("{\"version\": \"%s\", \"records\": %d, \"shards\": %d}%n",
        VERSION, journal.done.get(), journal.started.size());
  }

  public static void main(String[] arguments) {
    String trusted = System.getenv("TRUST_STORE");
    if (trusted != null) {
      System.setProperty("javax.net.ssl.trustStore", trusted);
      System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
    }
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    // It warns at each batch of a shard that is younger than its list of them.
    System.setProperty("org.slf4j.simpleLogger.log.software.amazon.kinesis.lifecycle.ProcessTask", "error");
    try {
      new Consume().run();
    } catch (Throwable error) {
      error.printStackTrace();
      System.exit(1);  // Threads of the library would keep the program running.
    }
    System.exit(0);
  }
}
