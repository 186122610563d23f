import { join } from 'node:path';

import { workFolderOf } from '../../datasets/dataset-files.js';
import type { LoadEncoderOptions } from '../../encoder/encoder-plan.js';
import { exchangeFolder } from '../../queue/exchange-folder.js';
import { reachRedis } from '../../queue/redis.js';
import { ShardQueue } from '../../queue/shard-queue.js';
import type { EmbedWorkers } from './options.js';
import { describeEncoderFolder, type OpenShardEncoder, type ShardEncoder } from './shard-encoder.js';

/** Shards in flight: while one is being written, this process already waits for the file of the next. */
const DEPTH = 2;

interface QueueOptions extends EmbedWorkers {
  /** Dataset folder. */
  out: string;
  signal: AbortSignal;
  onNotice: ((text: string) => void) | undefined;
  onWorkers: ((count: number) => void) | undefined;
}

/**
 * Lets workers embed. This process cuts the shards, waits for the workers' files, and writes the dataset exactly as if
 * it had embedded the texts itself.
 */
export async function openQueue(
  folder: string,
  encoderOptions: LoadEncoderOptions,
  { redis, out, exchange, signal, onNotice = () => undefined, onWorkers }: QueueOptions,
): Promise<OpenShardEncoder> {
  const connection = await reachRedis(redis, signal);
  const description = await describeEncoderFolder(folder, encoderOptions);
  const { dim, ...encoder } = description;
  let queue: ShardQueue | undefined;
  return {
    description,
    here: false,
    start: async (writer) => {
      queue = await ShardQueue.open({
        connection,
        name: out,
        ...(await placeOfWork(out, workFolderOf(writer.shardFolder), exchange)),
        dim,
        encoder: { ...encoder, batchTokens: encoderOptions.batchTokens ?? null },
        signal,
        onNotice,
        onWorkers,
      });
      return queueShardEncoder(queue);
    },
    dispose: async () => queue?.close(),
  };
}

async function placeOfWork(
  out: string,
  folder: string,
  exchange: string | undefined,
): Promise<{ root: string; folder: string; exchange: boolean }> {
  if (exchange === undefined) return { root: out, folder, exchange: false };
  return { root: exchange, folder: await exchangeFolder(join(out, folder)), exchange: true };
}

function queueShardEncoder(queue: ShardQueue): ShardEncoder {
  return {
    depth: DEPTH,
    announce: ({ number, fresh, records }) => queue.announce(number, fresh, records.length),
    onFinished: (listener) => queue.watchFinished(listener),
    encode: async ({ number, fresh }) =>
      fresh.length > 0 ? queue.result(number) : { embeddings: new Float32Array(0), tokens: 0 },
    finish: () => queue.finish(),
  };
}
