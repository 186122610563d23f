import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { reachRedis, withoutSecrets } from '../../queue/redis.js';
import { ShardWorker } from '../../queue/shard-worker.js';
import type { CliContext } from '../context.js';
import { formatCount, formatDuration, formatRate, plural } from '../format.js';
import type { WorkerOptions } from '../worker.js';

/** `univar worker`: computes until the first signal. */
export async function runWorker({ queue, encoder = DEFAULT_ENCODER, out, exchange, lease, json }: WorkerOptions, context: CliContext): Promise<void> {
  const connection = await reachRedis(queue);
  context.log(`worker: waiting for shards at ${withoutSecrets(queue)}`);
  let texts = 0;
  let seconds = 0;
  const onShard = (shard: number, count: number, took: number): void => {
    texts += count;
    seconds += took;
    context.log(`worker: shard ${shard}, ${formatCount(count)} texts in ${formatDuration(took)}, ${formatRate(count / took)}/s`);
  };
  const shards = await ShardWorker.run({ connection, encoder, out, exchange, lease, signal: context.signal, onShard });
  if (json) context.printJson({ shards, texts, seconds });
  else context.print(`Computed ${plural(shards, 'shard')}, ${formatCount(texts)} texts in ${formatDuration(seconds)}.`);
}
