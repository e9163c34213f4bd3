import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import software.amazon.kinesis.exceptions.KinesisClientLibException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

/** What the record processors of all shards saw, in the order in which they saw it. */
final class Journal {
  /** A record: where it is, its key, and its place among the records of its key. */
  record Entry(String shard, String number, String key, long count) {}

  final Set<String> started = ConcurrentHashMap.newKeySet();
  final Set<String> ended = ConcurrentHashMap.newKeySet();
  /** Shards whose processor was told that it is not to go on. */
  final Set<String> stopped = ConcurrentHashMap.newKeySet();
  /** The library logs what a processor throws and goes on: what is wrong has to be kept here. */
  final Set<String> wrong = ConcurrentHashMap.newKeySet();
  /** How many records are processed and have a checkpoint behind them. */
  final AtomicInteger done = new AtomicInteger();
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, String> lastOfShard = new ConcurrentHashMap<>();

  synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }

  private synchronized void add(String shard, KinesisClientRecord record) {
    String count = StandardCharsets.US_ASCII.decode(record.data()).toString();
    entries.add(new Entry(shard, record.sequenceNumber(), record.partitionKey(), Long.parseLong(count)));
    lastOfShard.put(shard, record.sequenceNumber());
  }

  /** Of one shard. Checkpoints after each batch. */
  final class Processor implements ShardRecordProcessor {
    private String shard;

    @Override
    public void initialize(InitializationInput input) {
      shard = input.shardId();
      started.add(shard);
      stopped.remove(shard);
      String due = lastOfShard.getOrDefault(shard, ExtendedSequenceNumber.TRIM_HORIZON.sequenceNumber());
      String begin = input.extendedSequenceNumber().sequenceNumber();
      if (!begin.equals(due)) wrong.add(shard + " is begun at " + begin + " instead of " + due);
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
      input.records().forEach(record -> add(shard, record));
      checkpoint(input.checkpointer());
      done.addAndGet(input.records().size());
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
      checkpoint(input.checkpointer());
      if (!ended.add(shard)) wrong.add(shard + " is ended twice");
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
      checkpoint(input.checkpointer());
    }

    /**
     * Happens at the shutdown, and otherwise when a merge waits for the lease of its other parent: from time to time
     * the library drops a lease then and takes it again.
     */
    @Override
    public void leaseLost(LeaseLostInput input) {
      stopped.add(shard);
    }

    private void checkpoint(RecordProcessorCheckpointer checkpointer) {
      try {
        checkpointer.checkpoint();
      } catch (KinesisClientLibException error) {
        wrong.add(shard + ": " + error);
      }
    }
  }
}
