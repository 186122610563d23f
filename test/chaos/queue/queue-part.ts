import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { runCli } from '../../support/cli.js';
import { bytesOf } from '../../support/folder-bytes.js';
import { NO_REDIS, RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Disk } from '../disk.js';
import { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';
import { networkFaults } from '../network.js';
import type { Part } from '../part.js';
import { lastLine, Program } from '../program.js';
import { serviceFaults } from '../service.js';
import { END_MS, INTERRUPTED, Rounds } from './rounds.js';

const SAMPLE = fileURLToPath(new URL('../../../examples/quickstart/answers.jsonl.gz', import.meta.url));
const ANSWERS = 1000;
const SHARD_ROWS = 64;
const ENCODER = ['--layers', '2', '--hidden', '64'];
const DISK_MB = 32;
const WORKERS = 2;
const LEASE_S = 1;
/** Time for a round that nothing disturbs, on a busy machine. */
const ROUND_MS = 180_000;
const env = { UNIVAR_THREADS: '1', OMP_NUM_THREADS: '1' };

/** `univar embed --queue` and its workers, with a Redis behind a network that can fail. */
export async function makeQueuePart(scratch: string, _seed: number, log: ChaosLog): Promise<Part | string> {
  if (NO_REDIS !== undefined) return NO_REDIS;
  const run = async (args: readonly string[]): Promise<void> => {
    const { code, stderr } = await runCli(args, { env });
    if (code !== 0) throw new Error(stderr);
  };
  const inputs = join(scratch, 'answers.jsonl');
  const lines = gunzipSync(readFileSync(SAMPLE)).toString().split('\n').slice(0, ANSWERS);
  writeFileSync(inputs, `${lines.join('\n')}\n`);
  const encoder = join(scratch, 'encoder');
  await run(['random-encoder', ...ENCODER, '--out', encoder]);
  const embed = ['embed', inputs, '--encoder', encoder, '--shard-rows', String(SHARD_ROWS), '--json'];
  await run([...embed, '--out', join(scratch, 'alone')]);

  const disk = await Disk.make(join(scratch, 'queue'), DISK_MB);
  mkdirSync(join(disk.folder, 'exchange'));
  const redis = await RedisServer.start(scratch);
  const network = await TcpProxy.start({ port: redis.port, host: '127.0.0.1' });
  const url = `redis://127.0.0.1:${network.port}`;
  const disturbs = new Disturbance();
  const alone = bytesOf(join(scratch, 'alone'));
  const rounds = new Rounds({ embed, url, env, folder: disk.folder, alone, disturbs, log });
  const workers = Array.from({ length: WORKERS }, (_, i) => {
    const name = `worker ${i + 1}`;
    return new Program(
      {
        name,
        args: () => ['worker', '--queue', url, '--encoder', encoder, '--lease', String(LEASE_S)],
        env,
        endsWithinMs: END_MS,
        endCode: INTERRUPTED,
        keep: true,
        disturbs,
        onEnd: ({ code, stderr }, isExplained) => {
          log.say(`${name} ended with ${code}: ${lastLine(stderr)}`);
          log.expect(isExplained, `${name} ended although nothing was disturbed: ${lastLine(stderr)}`);
        },
      },
      log,
    );
  });
  return {
    name: 'queue',
    skipped: disk.reason === undefined ? [] : [`full disk of the queue: ${disk.reason}`],
    faults: [
      ...[rounds.planner, ...workers].flatMap((program) => program.faults()),
      ...serviceFaults('Redis', redis, disturbs),
      ...networkFaults('network of Redis', network, disturbs),
      ...disk.faults('disk of the queue', disturbs),
    ],
    load: async (until) => {
      for (const worker of workers) await worker.start();
      await rounds.run(until);
    },
    check: async () => {
      for (const worker of workers) await worker.start();
      await rounds.finish(ROUND_MS);
      for (const worker of workers) await worker.terminate();
    },
    close: async () => {
      for (const program of [rounds.planner, ...workers]) await program.kill();
      await network.close();
      await redis.kill();
      disk.close();
    },
  };
}
