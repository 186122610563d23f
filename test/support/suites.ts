/** Suites of other benchmark libraries, each as its users write it. They measure `work` of ../source.mjs. */
export const SUITES = {
  'bench/a.bench.mjs': `
    import { beforeAll, bench, describe } from 'vitest';
    import { work } from '../source.mjs';
    describe('group', () => {
      let input;
      beforeAll(() => { input = 1; });
      bench('vitest', () => { work(input); });
      bench.skip('skipped', () => { throw new Error('must not run'); });
      bench('with setup', () => { if (globalThis.ready !== 'a') throw new Error('no setup'); },
        { setup: () => { globalThis.ready = 'a'; } });
    });`,
  'bench/b.mjs': `
    import { Bench } from 'tinybench';
    import { work } from '../source.mjs';
    const bench = new Bench({ name: 'suite', time: 100 });
    let prepared = 0;
    bench.add('tinybench', () => work(1)).add('prepared', async () => {
        if (prepared !== 1) throw new Error('no hook');
      }, { beforeEach: () => { prepared += 1; }, afterEach: () => { prepared -= 1; } });
    await bench.run();
    console.table(bench.table());`,
  'bench/c.mjs': `
    import { bench, do_not_optimize, group, run, summary } from 'mitata';
    import { work } from '../source.mjs';
    group('group', () => {
      summary(() => {
        bench('mitata $n', function* (state) {
          const n = state.get('n');
          yield { 0: () => n, bench: (x) => do_not_optimize(work(x)) };
        }).args('n', [1, 2]).gc('inner');
      });
    });
    bench('plain', () => work(1)).baseline(true);
    await run();`,
};

/** @param turns work of one call */
export const suiteSource = (turns: number): string => `
  export function work(x) { for (let i = 0; i < ${turns}; i++) x = (x * 16807) % 2147483647; return x; }`;
