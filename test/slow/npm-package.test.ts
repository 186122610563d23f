/** Packs the npm package and uses it in a folder of its own, without the rest of the repository. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
/** univar-base has 24 MB, which hardly compress. A second encoder would not fit. */
const LIMIT_BYTES = 27e6;

describe('the npm package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const installed = join(folder, 'package');
  let packed: { filename: string; size: number; files: { path: string }[] };

  function univar(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [join(installed, 'dist', 'cli', 'main.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  }

  beforeAll(() => {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    [packed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' })) as [typeof packed];
    execFileSync('tar', ['-C', folder, '-xzf', join(folder, packed.filename)]);
    // What an installation adds: the packages, and the addon that bootstrap.mjs compiles.
    symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
    mkdirSync(join(installed, 'build'));
    symlinkSync(join(ROOT, 'build', 'Release'), join(installed, 'build', 'Release'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('contains one encoder, and no sources of tests or benchmarks', () => {
    const names = new Set(
      packed.files.map(({ path }) =>
        path
          .split('/')
          .slice(0, path.startsWith('models/') ? 2 : 1)
          .join('/'),
      ),
    );
    expect([...names].filter((name) => name.startsWith('models/')).sort()).toEqual([
      'models/README.md',
      'models/bert-uncased',
      'models/univar-base',
    ]);
    for (const absent of ['packages', 'src', 'test', 'bench']) expect(names.has(absent), absent).toBe(false);
    expect(packed.size).toBeLessThan(LIMIT_BYTES);
    expect(statSync(join(folder, packed.filename)).size).toBe(packed.size);
  });

  it('makes a random encoder, and embeds with it and with its default encoder', () => {
    const answers = join(installed, 'examples', 'quickstart', 'answers.jsonl.gz');
    expect(univar('random-encoder', '--layers', '1', '--hidden', '32', '--out', 'random')).toMatchObject({ status: 0 });
    expect(univar('embed', answers, '--encoder', 'random', '--out', 'with-random')).toMatchObject({ status: 0 });
    expect(univar('embed', answers, '--out', 'with-default')).toMatchObject({ status: 0 });
  });

  it('compares questions with an encoder that it contains', () => {
    const { encoder } = JSON.parse(
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '--eval',
          `import { readProject } from ${JSON.stringify(join(installed, 'dist', 'generation', 'index.js'))};
           console.log(JSON.stringify(await readProject('project.yaml')));`,
        ],
        { cwd: join(installed, 'generation'), encoding: 'utf8' },
      ),
    ) as { encoder: string };
    expect(encoder).toBe(join(installed, 'models', 'univar-base'));
  });

  it('says where univar-mini is', () => {
    const answers = join(installed, 'examples', 'quickstart', 'answers.jsonl.gz');
    const { status, stderr } = univar('embed', answers, '--encoder', 'models/univar-mini', '--out', 'with-mini');
    expect(status).toBe(2);
    expect(stderr).toContain('copy the folder packages/univar-mini of the repository');
  });
});
