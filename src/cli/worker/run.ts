import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { reachRedis, withoutSecrets } from '../../queue/redis.js';
import type { CliContext } from '../context.js';
import { formatDuration, formatRate, plural } from '../format.js';
import type { WorkerOptions } from './options.js';

/** `univar worker`: works until the first signal. */
export async function runWorker(options: WorkerOptions, context: CliContext): Promise<void> {
  if (options.project !== undefined) return workOnCalls(options.project, options, context);
  return workOnShards(options, context);
}

async function workOnShards(
  { queue, encoder = DEFAULT_ENCODER, out, exchange, lease, json }: WorkerOptions,
  context: CliContext,
): Promise<void> {
  const { ShardWorker } = await import('../../queue/shard-worker.js');
  const connection = await reachRedis(queue, context.signal);
  context.log(`worker: waiting for shards at ${withoutSecrets(queue)}`);
  let texts = 0;
  let seconds = 0;
  const onShard = (shard: number, count: number, took: number): void => {
    texts += count;
    seconds += took;
    context.log(
      `worker: shard ${shard}, ${plural(count, 'text')} in ${formatDuration(took)}, ${formatRate(count / took)}/s`,
    );
  };
  const { signal } = context;
  const onNotice = (text: string): void => context.log(`worker: ${text}`);
  const shards = await ShardWorker.run({ connection, encoder, out, exchange, lease, signal, onNotice, onShard });
  if (json) context.printJson({ shards, texts, seconds });
  else context.print(`Computed ${plural(shards, 'shard')}, ${plural(texts, 'text')} in ${formatDuration(seconds)}.`);
  context.endedBySignal();
}

async function workOnCalls(
  file: string,
  { queue, calls, lease, json }: WorkerOptions,
  context: CliContext,
): Promise<void> {
  const { readProject } = await import('../../generation/project.js');
  const { runCallWorker } = await import('../../queue/call-worker.js');
  const project = await readProject(file);
  const connection = await reachRedis(queue, context.signal);
  context.log(`worker: waiting for calls of ${project.name} at ${withoutSecrets(queue)}`);
  const made = { calls: 0, failed: 0 };
  const onCall = (failed: boolean): void => {
    made[failed ? 'failed' : 'calls']++;
  };
  const { signal } = context;
  const onNotice = (text: string): void => context.log(`worker: ${text}`);
  await runCallWorker({ connection, project, env: process.env, calls, lease, signal, onNotice, onCall });
  if (json) context.printJson(made);
  else context.print(`Made ${plural(made.calls, 'call')}; ${plural(made.failed, 'failed attempt')}.`);
  context.endedBySignal();
}
