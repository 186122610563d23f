import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import type { Activity } from './activity.js';

/** Ends a worker thread in the midst of its calls, or lets it finish them and exit with handles open. */
export const workers: Activity = async (draw) => {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: draw.int(0, 2 ** 30) });
  const failed = new Promise<never>((_, reject) => worker.once('error', reject));
  const ended = once(worker, 'exit');
  await Promise.race([failed, once(worker, 'message')]);
  if (draw.chance(0.8)) await Promise.race([failed, ended, sleep(draw.pick([0, 1, 10, 100, 1000]))]);
  else await Promise.race([failed, ended]);
  await worker.terminate();
};
