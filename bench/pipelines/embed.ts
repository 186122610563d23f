/**
 * Texts to vectors: our encoder beside onnxruntime-node driven naively (bench/support/naive-onnx-child.ts), both in a child
 * process with the same number of threads. Real answers, of nearly one length after the cut at 256 tokens (political
 * compass) and of very different lengths (XSTest).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { formatQa, type QaRecord } from '../../src/data/record.js';
import { DEFAULT_ENCODER } from '../../src/encoder/default-encoder.js';
import { loadEncoder, sessionSettings } from '../../src/encoder/load-encoder.js';
import { readModelFolder } from '../../src/encoder/model-folder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import type { NaiveSetup } from '../support/naive-onnx-child.js';
import { report } from '../support/report.js';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const FLOAT_MODEL = `${SHARED}models/all-MiniLM-L6-v2`;
const ANSWERS = 192;
const ROUNDS = 3;
const { threads } = capabilities();

/** Answers spread over the whole file. */
function readAnswers(name: string): string[] {
  const lines = gunzipSync(readFileSync(`${SHARED}data/qa/${name}.jsonl.gz`)).toString('utf8').trim().split('\n');
  const step = Math.floor(lines.length / ANSWERS);
  return Array.from({ length: ANSWERS }, (_, i) => formatQa(JSON.parse(lines[i * step]!) as QaRecord));
}

async function startNaive(setup: NaiveSetup) {
  const child = fork(new URL('../support/naive-onnx-child.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  const ask = async (message: NaiveSetup | string[]): Promise<unknown> => {
    child.send(message);
    return ((await once(child, 'message')) as unknown[])[0];
  };
  await ask(setup);
  return { encode: async (texts: string[]) => (await ask(texts)) as Float32Array, stop: () => child.kill() };
}

/** The smallest cosine between rows of unit length. */
function smallestCosine(a: Float32Array, b: Float32Array, dim: number): number {
  const cosines = Array.from({ length: a.length / dim }, (_, row) => {
    let dot = 0;
    for (let j = row * dim; j < (row + 1) * dim; j++) dot += a[j]! * b[j]!;
    return dot;
  });
  return Math.min(...cosines);
}

/** @param agreement cosine that the two must reach; by default ONNX Runtime multiplies int8 weights with rounded inputs */
async function compareOn(folder: string, data: string, agreement: number): Promise<ComparisonResult> {
  const texts = readAnswers(data);
  const encoder = await loadEncoder(folder);
  const model = await readModelFolder(folder);
  const naive = await startNaive({ ...model, ...sessionSettings(model, threads) });
  const ours = await encoder.encode(texts);
  const cosine = smallestCosine(ours.embeddings, await naive.encode(texts), encoder.dim);
  if (!(cosine > agreement)) throw new Error(`${encoder.name} on ${data}: the results differ, smallest cosine ${cosine}`);
  const result = await compare({
    name: `embed/${encoder.name}/${data}`,
    sizes: { answers: texts.length, tokens: ours.tokens },
    subject: { name: 'univar', run: () => encoder.encode(texts) },
    peer: { name: 'onnxruntime-node, batches of 32', run: () => naive.encode(texts) },
    work: { unit: 'answers', subject: texts.length, peer: texts.length },
    rounds: ROUNDS,
  });
  naive.stop();
  await encoder.dispose();
  return result;
}

if (existsSync(`${SHARED}data/qa`) && existsSync(FLOAT_MODEL)) {
  report('embed', [
    await compareOn(FLOAT_MODEL, 'political_compass_open', 0.99999),
    await compareOn(FLOAT_MODEL, 'xstest_safety', 0.99999),
    await compareOn(DEFAULT_ENCODER, 'political_compass_open', 0.99),
    await compareOn(DEFAULT_ENCODER, 'xstest_safety', 0.99),
  ]);
} else {
  console.log(`embed: skipped, because it needs the texts and the model of ${SHARED}`);
}
