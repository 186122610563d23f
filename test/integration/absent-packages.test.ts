import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { answers } from '../support/trainable-encoder.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Always installed. The other packages are optional. */
const REQUIRED = ['commander', 'cli-progress', 'fastest-levenshtein', 'hyparquet', 'hyparquet-compressors'];

/** Calls, in a module that imports the modules of dist/ by `univar(path)`, and their errors without the package. */
const CALLS: readonly [call: string, message: string][] = [
  [
    `(await univar('index')).projectEmbeddings(new Float32Array([0, 1, 1, 0]), { dim: 2, method: 'pca' })`,
    'Projecting embeddings needs the npm package "ml-matrix": run npm install ml-matrix',
  ],
  [
    `(await univar('index')).writeReport('report', { title: '', description: '', entries: [
      { name: 'a', result: { accuracy: 1, perId: [], confusion: {} } }] })`,
    'A report needs the npm packages "@observablehq/plot" and "linkedom": run npm install @observablehq/plot linkedom',
  ],
  [
    `(await univar('index')).trainingCurves('run')`,
    'A picture of a training needs the npm packages "@observablehq/plot" and "linkedom": ' +
      'run npm install @observablehq/plot linkedom',
  ],
  [
    `(await univar('index')).loadTokenizer('bpe.json')`,
    'The tokenizer bpe.json needs the npm package "tokenizers": run npm install tokenizers',
  ],
  [
    `(await univar('generation/index')).readProject('project.yaml')`,
    'A project file needs the npm packages "yaml" and "zod": run npm install yaml zod',
  ],
  [
    `(await univar('generation/index')).generate((await univar('generation/own-objects')).rememberObjects({
      name: 'a', out: 'corpus', encoder: 'b', seed: 0, scenarios: {}, questions: {}, filter: {}, paraphrases: {},
      answers: {}, budget: {}, failures: {}, report: {}, prompts: {}, values: [], models: [], languages: [],
      languageTable: new Map(), translators: new Map(), generator: { endpoint: 'e' },
      endpoints: { e: { kind: 'chat' } } }))`,
    'Generating a corpus needs the npm package "p-queue": run npm install p-queue',
  ],
  [
    `(await univar('generation/providers/create-provider')).createProvider('e', { kind: 'chat', url: 'http://x' }, {})`,
    'A chat endpoint needs the npm package "openai": run npm install openai',
  ],
  [
    `(await univar('generation/language-check')).languageCheck(new Map())`,
    'The language check needs the npm package "eld": run npm install eld',
  ],
  [
    `(await univar('pgvector')).PgVectorIndex.open({ url: 'postgres://a@b/c', table: 't' })`,
    'An index in PostgreSQL needs the npm package "pg": run npm install pg',
  ],
  [
    `(await univar('search/pgvector/copy-rows')).copyRows(undefined, 't', {}, 0, [], {})`,
    'An index in PostgreSQL needs the npm package "pg-copy-streams": run npm install pg-copy-streams',
  ],
  [
    `(await univar('queue/redis')).reachRedis('redis://127.0.0.1:1')`,
    'A queue in Redis needs the npm package "ioredis": run npm install ioredis',
  ],
  [
    `(await univar('queue/job-queue')).JobQueue.open({})`,
    'A queue in Redis needs the npm package "bullmq": run npm install bullmq',
  ],
  [
    `(await univar('server/start-server')).Server.start({ source: { dispose() {} } })`,
    'The HTTP server needs the npm packages "fastify", "@fastify/rate-limit", "@fastify/swagger", "typebox" and ' +
      '"prom-client": run npm install fastify @fastify/rate-limit @fastify/swagger typebox prom-client',
  ],
  [
    `(await univar('maps/png-map')).pngMap({})`,
    'A map as PNG needs the npm package "@napi-rs/canvas": run npm install @napi-rs/canvas',
  ],
];

const scratch = mkdtempSync(join(tmpdir(), 'univar-absent-'));
beforeAll(() => {
  cpSync(join(root, 'dist'), join(scratch, 'dist'), { recursive: true });
  for (const name of ['package.json', 'build', 'generation', 'models'])
    symlinkSync(join(root, name), join(scratch, name));
  mkdirSync(join(scratch, 'node_modules'));
  for (const name of REQUIRED) symlinkSync(join(root, 'node_modules', name), join(scratch, 'node_modules', name));
  writeFileSync(join(scratch, 'bpe.json'), JSON.stringify({ model: { type: 'BPE' } }));
  mkdirSync(join(scratch, 'run'));
  writeFileSync(join(scratch, 'run', 'metrics.jsonl'), '{"kind":"step","step":1,"loss":1,"learningRate":1}\n');
});
afterAll(() => rmSync(scratch, { recursive: true }));

it('says in one line what to install for each call, and loads everything else', async () => {
  const script = `
    const univar = (path) => import(${JSON.stringify(pathToFileURL(join(scratch, 'dist')).href)} + '/' + path + '.js');
    const said = [];
    for (const call of [${CALLS.map(([call]) => `async () => ${call}`).join(',\n')}])
      said.push(await call().then(() => 'nothing', (error) => error.code + ' ' + error.message));
    console.log(JSON.stringify(said));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: scratch });
  expect(JSON.parse(stdout)).toEqual(CALLS.map(([, message]) => `ERR_NATIVE_LOAD ${message}`));
});

it('has a command line that works without them', async () => {
  const univar = (...args: string[]) => run(process.execPath, [join(scratch, 'dist', 'cli', 'main.js'), ...args]);
  expect((await univar('--help')).stdout).toContain('univar quickstart');
  writeFileSync(
    join(scratch, 'answers.jsonl'),
    answers(2, 3)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join(''),
  );
  const values = join(scratch, 'values');
  await univar('embed', join(scratch, 'answers.jsonl'), '--out', values);
  expect((await univar('identify', values, '--text', 'w1 w2', '--k', '1', '--json')).stdout).toContain('model-');
});
