import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { BenchmarkProcess } from '../../../../packages/bench-gate/src/process/child-process.js';
import { listBenchmarks } from '../../../../packages/bench-gate/src/process/list-benchmarks.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** A module of benchmarks; `subject` is the body of `prepare`. */
function moduleWith(prepare: string): string {
  const file = join(temporaryFolder(), 'bench.mjs');
  writeFileSync(
    file,
    `export const benchmarks = [{ name: 'b', sizes: { n: 1 }, version: 2, async prepare(revision) { ${prepare} } }];
export const environment = (revision) => ({ variant: 'v', root: revision.root });`,
  );
  return file;
}

function start(file: string, env: Record<string, string> = {}, signal?: AbortSignal) {
  return BenchmarkProcess.start(
    { benchmark: { name: 'b', module: file, project: '/build', env }, root: '/build', signal },
    { peer: false },
  );
}

describe('a benchmark process', () => {
  it('lists, times and counts benchmarks', async () => {
    const file = moduleWith(`
      let calls = 0;
      return {
        run: () => { calls += 1; return process.env.FACTOR / 4; },
        timesItself: true,
        counters: () => ({ work: 3 }),
        details: () => ({ calls }),
      };`);
    expect(await listBenchmarks(file, '/build')).toMatchObject([
      { name: 'b', sizes: { n: 1 }, version: 2, threshold: 0.07, peer: null },
    ]);
    const { process, seconds } = await start(file, { FACTOR: '1' });
    expect(seconds).toEqual({ subject: 0.25, peer: null });
    expect(await process.sample('subject', 3)).toEqual({ seconds: [0.25, 0.25, 0.25], processorSeconds: [] });
    const finish = await process.finish('/build');
    expect(finish).toMatchObject({ counters: { work: 3 }, environment: { variant: 'v', root: '/build' } });
    expect(finish.details['calls']).toBeGreaterThan(3);
    expect(finish.peakMemoryBytes).toBeGreaterThan(2 ** 20);
    await process.stop();
    await process.stop();
  });

  it('reports the error of the benchmark', async () => {
    await expect(start(moduleWith(`throw new Error('the result is wrong');`))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: 'the result is wrong',
    });
  });

  it('reports how its process died and what it printed', async () => {
    const file = moduleWith(
      `console.error('out of luck'); setTimeout(() => process.exit(3), 50); return new Promise(() => undefined);`,
    );
    await expect(start(file)).rejects.toMatchObject({
      code: 'ERR_DEVICE_UNAVAILABLE',
      message: expect.stringMatching(/exit code 3.*out of luck/s) as string,
    });
  });

  it('ends if it is aborted', async () => {
    const controller = new AbortController();
    const { process } = await start(
      moduleWith(`return { run: () => new Promise((resolve) => setTimeout(resolve, 20)) };`),
      {},
      controller.signal,
    );
    const sampling = process.sample('subject', 1e6);
    controller.abort();
    await expect(sampling).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await process.stop();
  });
});
