import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { expect, it } from 'vitest';

import { watchAllThreads, watchBusiestThread } from '../../../../packages/bench-gate/src/process/processor-time.js';

/** Uses 40 ms of processor time for each message. */
const WORKER = `const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => {
  for (let i = 0; i < 4e7; i++) Math.imul(i, i);
  parentPort.postMessage('done');
});`;

const skipped = existsSync('/proc/self/task') ? '' : ' (skipped: only Linux tells the time of each thread)';

it.skipIf(skipped !== '')(`tells work that is spread over threads from work of one${skipped}`, async () => {
  const workers = [new Worker(WORKER, { eval: true }), new Worker(WORKER, { eval: true })];
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve) => {
      worker.once('message', () => resolve());
      worker.postMessage('work');
    });
  const shareOfBusiest = async (run: () => Promise<unknown>): Promise<number> => {
    const [all, busiest] = [watchAllThreads(), watchBusiestThread()];
    await busiest.begin();
    await all.begin();
    await run();
    await all.end();
    await busiest.end();
    return busiest.seconds()[0]! / all.seconds()[0]!;
  };
  try {
    await Promise.all(workers.map(work)); // optimises the loop
    const spread = await shareOfBusiest(() => Promise.all(workers.map(work)));
    const alone = await shareOfBusiest(() => work(workers[0]!).then(() => work(workers[0]!)));
    expect(spread).toBeGreaterThan(0.3);
    expect(spread).toBeLessThan(0.65);
    expect(alone).toBeGreaterThan(0.8);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
