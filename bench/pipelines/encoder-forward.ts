/**
 * Compares the native encoder in each precision with ONNX Runtime in float32 with batches sorted by length, as our own
 * ONNX encoder does. Both tokenise, and both use the same number of threads. The texts are real answers of very
 * different lengths (XSTest), cut at 256 tokens.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import type { Benchmark, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { EncodeResult } from '../../src/encoder/encoder.js';
import type { QaRecord } from '../../src/records/record.js';
import { openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const MODEL = `${SHARED}models/all-MiniLM-L6-v2`;
const DATA = `${SHARED}data/qa/xstest_safety.jsonl.gz`;
const ANSWERS = 192;
const MAX_TOKENS = 256;

/** Minimum cosine to the result of ONNX Runtime, and the target speed on a CPU with units for the precision. */
const PRECISIONS = [
  { precision: 'f32', agreement: 0.99999, target: 1.2 },
  { precision: 'bf16', agreement: 0.9995, target: 2.2 },
  { precision: 'int8', agreement: 0.98, target: 3 },
] as const;

/** Reads answers spread over the entire file. */
async function readAnswers(revision: Revision): Promise<string[]> {
  const { formatQa } = await openEngine(revision);
  const lines = gunzipSync(readFileSync(DATA)).toString('utf8').trim().split('\n');
  const step = Math.floor(lines.length / ANSWERS);
  return Array.from({ length: ANSWERS }, (_, i) => formatQa(JSON.parse(lines[i * step]!) as QaRecord));
}

function cosines(a: Float32Array, b: Float32Array, dim: number): number[] {
  return Array.from({ length: a.length / dim }, (_, row) => {
    let dot = 0;
    for (let j = row * dim; j < (row + 1) * dim; j++) dot += a[j]! * b[j]!;
    return dot;
  });
}

function forward({ precision, agreement, target }: (typeof PRECISIONS)[number]): Benchmark {
  const found: number[] = [];
  return {
    name: `encoder-forward/MiniLM/${precision}`,
    sizes: { answers: ANSWERS },
    subject: `univar ${precision}`,
    only: 'run',
    work: { unit: 'answers', subject: ANSWERS, peer: ANSWERS },
    target,
    rounds: 5,
    prepare: async (revision): Promise<Subject> => {
      const encoder = await (await openEngine(revision)).loadEncoder(MODEL, { maxTokens: MAX_TOKENS, precision });
      const texts = await readAnswers(revision);
      const { tokens } = await encoder.encode(texts);
      const details = () => ({
        tokens,
        cosine: { mean: found.reduce((sum, cosine) => sum + cosine, 0) / found.length, least: Math.min(...found) },
      });
      return { run: () => encoder.encode(texts), details, close: () => encoder.dispose() };
    },
    peer: {
      name: 'onnxruntime-node f32',
      prepare: async (revision, subject): Promise<Subject> => {
        const peer = await (await openEngine(revision)).loadEncoder(MODEL, { maxTokens: MAX_TOKENS, backend: 'onnx' });
        const texts = await readAnswers(revision);
        const ours = (await subject.run()) as EncodeResult;
        found.push(...cosines(ours.embeddings, (await peer.encode(texts)).embeddings, peer.dim));
        const least = Math.min(...found);
        if (!(least > agreement)) throw new Error(`${precision} differs from ONNX Runtime, smallest cosine ${least}`);
        return { run: () => peer.encode(texts), close: () => peer.dispose() };
      },
    },
  };
}

export const benchmarks: Benchmark[] = existsSync(DATA) && existsSync(MODEL) ? PRECISIONS.map(forward) : [];
