/** Packs univar as for publication, and looks at what the package contains. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packUnivar, ROOT } from '../support/packed-univar.js';

/** univar-base has 24 MB, which hardly compress. A second encoder would not fit. */
const LIMIT_BYTES = 27e6;

describe('the npm package', () => {
  const out = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const folder = join(out, 'univar');
  let tarball: string;
  let files: string[];

  beforeAll(() => {
    tarball = packUnivar(out);
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  });
  afterAll(() => rmSync(out, { recursive: true }));

  it('contains one encoder, documentation, and nothing that only a checkout needs', () => {
    expect(readdirSync(folder).sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'dist', 'docs', 'examples', 'generation', 'models'].concat(
        'package.json',
      ),
    );
    expect(readdirSync(join(folder, 'models')).sort()).toEqual(['README.md', 'bert-uncased', 'univar-base']);
    expect(files).toContain('generation/registry/models.yaml');
    expect(files).toContain('dist/plots/LICENSES.txt');
    expect(files.filter((name) => /\.(map|tsbuildinfo|node|cc|h|gyp)$|(?<!\.d)\.ts$|stamp/.test(name))).toEqual([]);
    expect(statSync(tarball).size).toBeLessThan(LIMIT_BYTES);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
    for (const field of ['scripts', 'devDependencies']) expect(manifest).not.toHaveProperty(field);
  });

  it('satisfies publint, and TypeScript finds the types of what Node loads', () => {
    const script = join(ROOT, 'scripts', 'check-package.mjs');
    expect(spawnSync(process.execPath, [script, tarball], { encoding: 'utf8' })).toMatchObject({
      stderr: '',
      status: 0,
    });
  });

  it('has no links to files that it does not contain', () => {
    const broken = files
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) => {
        const links = readFileSync(join(folder, name), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g);
        return [...links].map(([, target]) => join(dirname(name), target!));
      })
      .filter((target) => !existsSync(join(folder, target)));
    expect(broken).toEqual([]);
  });
});
