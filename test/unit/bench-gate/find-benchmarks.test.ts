import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findBenchmarkFiles, selectBenchmarks } from '../../../packages/bench-gate/src/find-benchmarks.js';
import { folderWith } from '../../support/temporary-folder.js';

const module = (...benchmarks: string[]): string => `export const benchmarks = [${benchmarks.join(', ')}];`;

describe('findBenchmarkFiles', () => {
  it('finds modules that export benchmarks, in all subfolders, and no others', () => {
    const root = folderWith({
      'bench/b/x.mjs': module(),
      'bench/a.mjs': 'export { benchmarks } from "./b/x.mjs";',
      'bench/run.mjs': 'process.exit(1);',
      'bench/check.mjs': "export const check = await import('check-benchmarks.mjs'); process.exit(1);",
      'bench/benchmarks.md': '',
    });
    expect(findBenchmarkFiles(root, ['bench'])).toEqual([join(root, 'bench/a.mjs'), join(root, 'bench/b/x.mjs')]);
    expect(() => findBenchmarkFiles(root, ['benches'])).toThrow(/benches/);
  });
});

describe('selectBenchmarks', () => {
  const root = (): string =>
    folderWith({
      'bench/parse.mjs': module(
        "{ name: 'json/small', only: 'check' }",
        "{ name: 'json/large', only: 'run' }",
        "{ name: 'csv' }",
      ),
    });
  const select = async (at: string, purpose: 'run' | 'check', ...names: string[]): Promise<string[]> =>
    (await selectBenchmarks(at, { paths: ['bench'], names, purpose })).map(({ name }) => name);

  it('selects benchmarks for the purpose, by name, group or file', async () => {
    const at = root();
    expect(await select(at, 'check')).toEqual(['json/small', 'csv']);
    expect(await select(at, 'run', 'json')).toEqual(['json/large']);
    expect(await select(at, 'run', 'parse')).toEqual(['json/large', 'csv']);
    await expect(select(at, 'run', 'json/small')).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('json/large, csv') as string,
    });
  });

  it('rejects a name that is used twice, and a folder without benchmarks', async () => {
    await expect(
      select(folderWith({ 'bench/a.mjs': module("{ name: 'x' }", "{ name: 'x' }") }), 'run'),
    ).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(select(folderWith({ 'bench/a.mjs': '' }), 'run')).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
