/**
 * Compares our encoder with naive use of onnxruntime-node (bench/support/naive-onnx-child.ts), both in a child process
 * with the same number of threads. The texts are real answers: cut at 256 tokens, those of the political compass have
 * nearly the same length, and those of XSTest have very different lengths.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import type { Benchmark, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { EncodeResult } from '../../src/encoder/encoder.js';
import type * as modelFolder from '../../src/encoder/folder/model-folder.js';
import type { QaRecord } from '../../src/records/record.js';
import { smallestCosine } from '../support/cosine.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';
import type { NaiveSetup } from '../support/naive-onnx-child.js';

export { environment } from '../support/engine.js';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const FLOAT_MODEL = `${SHARED}models/all-MiniLM-L6-v2`;
const INT8_MODEL = `${SHARED}models/all-MiniLM-L6-v2-int8`;
const SAMPLE = fileURLToPath(new URL('../../test/fixtures/answers-small.jsonl', import.meta.url));
const ANSWERS = 192;
/** Number of texts that a check embeds together, cut to a few words so that an iteration takes milliseconds. */
const CHECK_TEXTS = 4;
const CHECK_CHARACTERS = 60;

/** Reads answers spread over the entire file. */
async function readAnswers(revision: Revision, name: string): Promise<string[]> {
  const { formatQa } = await openEngine(revision);
  const lines = gunzipSync(readFileSync(`${SHARED}data/qa/${name}.jsonl.gz`))
    .toString('utf8')
    .trim()
    .split('\n');
  const step = Math.floor(lines.length / ANSWERS);
  return Array.from({ length: ANSWERS }, (_, i) => formatQa(JSON.parse(lines[i * step]!) as QaRecord));
}

async function startNaive(setup: NaiveSetup) {
  const child = fork(new URL('../support/naive-onnx-child.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  });
  const ask = async (message: NaiveSetup | string[]): Promise<unknown> => {
    child.send(message);
    return ((await once(child, 'message')) as unknown[])[0];
  };
  await ask(setup);
  return { encode: async (texts: string[]) => (await ask(texts)) as Float32Array, stop: () => child.kill() };
}

/**
 * @param agreement minimum cosine of the two. With int8 weights, ONNX Runtime rounds the inputs of products by default
 */
function compareOn(folder: string, data: string, agreement: number): Benchmark {
  return {
    name: `embed/${basename(folder)}/${data}`,
    sizes: { answers: ANSWERS },
    subject: 'univar',
    only: 'run',
    work: { unit: 'answers', subject: ANSWERS, peer: ANSWERS },
    rounds: 3,
    prepare: async (revision): Promise<Subject> => {
      const texts = await readAnswers(revision, data);
      const encoder = await (await openEngine(revision)).loadEncoder(folder);
      const { tokens } = await encoder.encode(texts);
      return { run: () => encoder.encode(texts), details: () => ({ tokens }), close: () => encoder.dispose() };
    },
    peer: {
      name: 'onnxruntime-node, batches of 32',
      prepare: async (revision, subject): Promise<Subject> => {
        const { capabilities } = await openEngine(revision);
        const { readModelFolder } = await revision.import<typeof modelFolder>('dist/encoder/folder/model-folder.js');
        const texts = await readAnswers(revision, data);
        const model = await readModelFolder(folder);
        const { modelFile = '', tokenizerFile, maxTokens } = model;
        const naive = await startNaive({ modelFile, threads: capabilities().threads, tokenizerFile, maxTokens });
        const ours = (await subject.run()) as EncodeResult;
        const cosine = smallestCosine(ours.embeddings, await naive.encode(texts), ours.dim);
        if (!(cosine > agreement))
          throw new Error(`${folder} on ${data}: the results differ, smallest cosine ${cosine}`);
        return { run: () => naive.encode(texts), close: () => naive.stop() };
      },
    },
  };
}

/** Short texts with the default encoder of the build, which is part of every clone. */
const short: Benchmark = {
  name: 'embed/short-texts/small',
  sizes: { texts: CHECK_TEXTS, characters: CHECK_CHARACTERS },
  subject: 'univar',
  version: 2, // another default encoder
  only: 'check',
  env: ONE_THREAD,
  prepare: async (revision): Promise<Subject> => {
    const { loadEncoder, DEFAULT_ENCODER } = await openEngine(revision);
    const encoder = await loadEncoder(DEFAULT_ENCODER);
    const lines = readFileSync(SAMPLE, 'utf8').split('\n').slice(0, CHECK_TEXTS);
    const texts = lines.map((line) => (JSON.parse(line) as QaRecord).answer.slice(0, CHECK_CHARACTERS));
    const { embeddings, dim } = await encoder.encode(texts);
    const self = smallestCosine(embeddings, embeddings, dim);
    if (!(Math.abs(self - 1) < 1e-5)) throw new Error(`An embedding has length ${Math.sqrt(self)}`);
    return { run: () => encoder.encode(texts), close: () => encoder.dispose() };
  },
};

export const benchmarks: Benchmark[] = [
  ...(existsSync(`${SHARED}data/qa`) && existsSync(FLOAT_MODEL)
    ? [
        compareOn(FLOAT_MODEL, 'political_compass_open', 0.99999),
        compareOn(FLOAT_MODEL, 'xstest_safety', 0.99999),
        compareOn(INT8_MODEL, 'political_compass_open', 0.99),
        compareOn(INT8_MODEL, 'xstest_safety', 0.99),
      ]
    : []),
  short,
];
