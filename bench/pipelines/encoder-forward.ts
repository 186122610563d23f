/**
 * Texts to vectors by the native encoder in each precision, beside ONNX Runtime in float32 with batches sorted by length,
 * which is how our own OnnxEncoder drives it. Both tokenise; both compute on the same number of threads. Real answers of
 * very different lengths (XSTest), cut at 256 tokens.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { formatQa, type QaRecord } from '../../src/data/record.js';
import { loadCheckpoint } from '../../src/encoder/checkpoint.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { loadTokenizer } from '../../src/tokenizer/load-tokenizer.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const MODEL = `${SHARED}models/all-MiniLM-L6-v2`;
const DATA = `${SHARED}data/qa/xstest_safety.jsonl.gz`;
const ANSWERS = 192;
const MAX_TOKENS = 256;

/** Least cosine to ONNX Runtime that makes a result right, and the speed that the project asks for where it is native. */
const PRECISIONS = [
  { precision: 'f32', agreement: 0.99999, target: 1.2 },
  { precision: 'bf16', agreement: 0.9995, target: 2.2 },
  { precision: 'int8', agreement: 0.98, target: 3 },
] as const;

/** Answers spread over the whole file. */
function readAnswers(): string[] {
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

async function run(): Promise<void> {
  const texts = readAnswers();
  const peer = await loadEncoder(MODEL, { maxTokens: MAX_TOKENS });
  const tokenizer = await loadTokenizer(`${MODEL}/tokenizer.json`);
  const results: ComparisonResult[] = [];
  const agreements: Record<string, { mean: number; least: number }> = {};
  for (const { precision, agreement, target } of PRECISIONS) {
    const { model } = await loadCheckpoint(MODEL, { pooling: 'mean', normalize: true }, precision);
    const encode = async () => model.encode(await tokenizer.encode(texts, { maxTokens: MAX_TOKENS }));
    const expected = await peer.encode(texts);
    const found = cosines(await encode(), expected.embeddings, peer.dim);
    const least = Math.min(...found);
    if (!(least > agreement)) throw new Error(`${precision} differs from ONNX Runtime, smallest cosine ${least}`);
    agreements[precision] = { mean: found.reduce((a, b) => a + b) / found.length, least };
    const native = precision === 'f32' || capabilities()[precision] === 'native';
    results.push(
      await compare({
        name: `encoder-forward/MiniLM/${precision}`,
        sizes: { answers: texts.length, tokens: expected.tokens },
        subject: { name: 'univar', run: encode },
        peer: { name: 'onnxruntime-node f32', run: () => peer.encode(texts) },
        work: { unit: 'tokens', subject: expected.tokens, peer: expected.tokens },
        ...(native ? { target } : {}),
        rounds: 5,
      }),
    );
    await model.dispose();
  }
  await peer.dispose();
  report('encoder-forward', results, { cosines: agreements });
}

if (existsSync(DATA) && existsSync(MODEL)) await run();
else console.log(`encoder-forward: skipped, because it needs the texts and the model of ${SHARED}`);
