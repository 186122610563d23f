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
const REQUIRED = [
  'commander',
  'cli-progress',
  'fastest-levenshtein',
  'hyparquet',
  'hyparquet-compressors',
  'ml-matrix',
];

const GENERATING =
  'Generating a corpus needs the npm packages "openai", "p-queue", "yaml" and "zod": ' +
  'run npm install openai@6 p-queue@9 yaml@2 zod@4';
const POSTGRES =
  'An index in PostgreSQL needs the npm packages "pg" and "pg-copy-streams": run npm install pg@8 pg-copy-streams@7';
const QUEUE = 'A queue in Redis needs the npm packages "bullmq" and "ioredis": run npm install bullmq@6 ioredis@6';

/** Calls, in a module that imports the modules of dist/ by `univar(path)`, and their errors without the packages. */
const CALLS: readonly [call: string, message: string][] = [
  [
    `(await univar('index')).loadTokenizer('bpe.json')`,
    'The tokenizer bpe.json needs the npm package "tokenizers": run npm install tokenizers@0.23',
  ],
  [`(await univar('generation/index')).readProject('project.yaml')`, GENERATING],
  [
    `(await univar('generation/index')).generate((await univar('generation/own-objects')).rememberObjects({
      name: 'a', out: 'corpus', encoder: 'b', seed: 0, scenarios: {}, questions: {}, filter: {}, paraphrases: {},
      answers: {}, budget: {}, failures: {}, report: {}, prompts: {}, values: [], models: [], languages: [],
      languageTable: new Map(), translators: new Map(), generator: { endpoint: 'e' },
      endpoints: { e: { kind: 'chat' } } }))`,
    GENERATING,
  ],
  [
    `(await univar('generation/providers/create-provider')).createProvider('e', { kind: 'chat', url: 'http://x' }, {})`,
    GENERATING,
  ],
  [
    `(await univar('generation/language-check')).languageCheck(new Map())`,
    'The language check needs the npm package "eld": run npm install eld@2',
  ],
  [`(await univar('pgvector')).PgVectorIndex.open({ url: 'postgres://a@b/c', table: 't' })`, POSTGRES],
  [`(await univar('search/pgvector/copy-rows')).copyRows(undefined, 't', {}, 0, [], {})`, POSTGRES],
  [`(await univar('queue/redis')).reachRedis('redis://127.0.0.1:1')`, QUEUE],
  [`(await univar('queue/job-queue')).JobQueue.open({})`, QUEUE],
  [
    `(await univar('server/start-server')).Server.start({ source: { dispose() {} } })`,
    'The HTTP server needs the npm packages "fastify", "@fastify/rate-limit", "@fastify/swagger", "typebox" and ' +
      '"prom-client": run npm install fastify@5 @fastify/rate-limit@11 @fastify/swagger@9 typebox@1 prom-client@15',
  ],
  [
    `(await univar('maps/png-map')).pngMap({})`,
    'A map as PNG needs the npm package "@napi-rs/canvas": run npm install @napi-rs/canvas@1',
  ],
  [
    `(await univar('encoder/runners/onnx-session')).OnnxSession.load({ modelFile: 'model.onnx' })`,
    'The onnx backend needs the npm package "onnxruntime-node": ' +
      'run ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1',
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
