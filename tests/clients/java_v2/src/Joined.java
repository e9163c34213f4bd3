import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.*;

/** The asynchronous client, whose answers are waited for, so that one round serves both clients. */
record Joined(KinesisAsyncClient client) implements KinesisClient {
  @Override
  public CreateStreamResponse createStream(CreateStreamRequest request) {
    return join(client.createStream(request));
  }

  @Override
  public DescribeStreamResponse describeStream(DescribeStreamRequest request) {
    return join(client.describeStream(request));
  }

  @Override
  public DescribeStreamSummaryResponse describeStreamSummary(DescribeStreamSummaryRequest request) {
    return join(client.describeStreamSummary(request));
  }

  @Override
  public PutRecordResponse putRecord(PutRecordRequest request) {
    return join(client.putRecord(request));
  }

  @Override
  public PutRecordsResponse putRecords(PutRecordsRequest request) {
    return join(client.putRecords(request));
  }

  @Override
  public ListShardsResponse listShards(ListShardsRequest request) {
    return join(client.listShards(request));
  }

  @Override
  public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
    return join(client.getShardIterator(request));
  }

  @Override
  public GetRecordsResponse getRecords(GetRecordsRequest request) {
    return join(client.getRecords(request));
  }

  @Override
  public RegisterStreamConsumerResponse registerStreamConsumer(RegisterStreamConsumerRequest request) {
    return join(client.registerStreamConsumer(request));
  }

  @Override
  public DeleteStreamResponse deleteStream(DeleteStreamRequest request) {
    return join(client.deleteStream(request));
  }

  @Override
  public String serviceName() {
    return client.serviceName();
  }

  @Override
  public void close() {
    client.close();
  }

  private static <T> T join(CompletableFuture<T> answer) {
    try {
      return answer.join();
    } catch (CompletionException failed) {
      throw (RuntimeException) failed.getCause();
    }
  }
}
