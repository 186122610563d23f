/**
 * Whether training helps: MiniLM is trained on the training questions of the value sets, once per batch sampler, and
 * identifies the models that answered the held-out questions, before and after. Writes the figures to
 * bench/results/training-SIMD.json and the tables to docs/training.md. Interrupted, the same command goes on.
 *
 * npm run evidence:training
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { evaluateKnn } from '../../src/evaluation/knn.js';
import { evaluateProbe } from '../../src/evaluation/probe.js';
import { evaluateTfidf } from '../../src/evaluation/tfidf.js';
import { capabilities } from '../../src/native/capabilities.js';
import { encodeQa } from '../../src/tokenizer/encode-qa.js';
import { WordPieceTokenizer } from '../../src/tokenizer/wordpiece.js';
import { BATCH_SAMPLERS, type BatchSamplerName } from '../../src/training/batch-samplers.js';
import { train, type TrainSummary } from '../../src/training/train.js';
import { createTrainer } from '../../src/training/trainer.js';
import { describeMachine } from '../../src/benchmarking/results-file.js';
import { writeTrainingTables, type Figures, type TrainingEvidence } from './training-tables.js';
import { CONTROL_SET, readValueSet, sampleValueSet, VALUE_SETS, writeTrainingFiles, type ValueSet } from './value-sets.js';

const ENCODER = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = fileURLToPath(new URL('../../out/evidence/', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** Tokens of a text, in training and in the evaluation: the rest is cut. */
const MAX_TOKENS = 128;
const STEPS = 200;
const BATCH_SIZE = 48;
/** Rows of a set that vote and that are tested at most: the evaluation must not take longer than the training. */
const VOTING = 900;
const TESTED = 400;
const K = 50;
const CHUNK = 64;
const precision = capabilities().bf16 === 'native' ? 'bf16' : 'f32';

/** The result of `compute`, kept in a file for the next call. */
async function once<T>(name: string, compute: () => Promise<T>): Promise<T> {
  const path = `${OUT}${name}.json`;
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  const value = await compute();
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  return value;
}

async function trainWith(sampler: BatchSamplerName, data: string): Promise<TrainSummary> {
  return train({
    data: [data],
    encoder: ENCODER,
    out: `${OUT}${sampler}`,
    sampler,
    lambda: 1,
    steps: STEPS,
    batchSize: BATCH_SIZE,
    maxTokens: MAX_TOKENS,
    precision,
    minPerId: 2,
    validateEvery: 100,
    validationRows: 450,
    checkpointEvery: 25,
    events: {
      onStart: ({ rows, validationRows, valueIds }) => console.log(`${sampler}: ${rows} rows, ${valueIds} value ids, ${validationRows} held out for validation`),
      onStep: ({ step, loss }) => step % 10 === 0 && console.log(`${sampler}: step ${step}, loss ${loss.toFixed(3)}`),
      onValidation: ({ step, balancedAccuracy }) => console.log(`${sampler}: validation after step ${step}: ${balancedAccuracy.toFixed(3)}`),
    },
  });
}

/** Figures of one encoder on the held-out questions of every set. */
async function evaluateEncoder(folder: string, sets: readonly ValueSet[]): Promise<Record<string, Figures>> {
  const trainer = await createTrainer({ encoder: folder, precision });
  const tokenizer = WordPieceTokenizer.fromFile(folder);
  const figures: Record<string, Figures> = {};
  try {
    for (const { name, records, labels, groups, split } of sets) {
      const { dim } = trainer;
      const embeddings = new Float32Array(records.length * dim);
      for (let row = 0; row < records.length; row += CHUNK) {
        const tokens = await encodeQa(tokenizer, records.slice(row, row + CHUNK), { maxTokens: MAX_TOKENS });
        embeddings.set(await trainer.encode(tokens), row * dim);
      }
      const data = { embeddings, dim, labels, groups };
      const knn = await evaluateKnn(data, { split, k: Math.min(K, split.train.length), bootstrapSamples: 0, sweep: [] });
      const probe = await evaluateProbe(data, { split, bootstrapSamples: 0 });
      figures[name] = { knn: knn.balancedAccuracy, probe: probe.accuracyAt[1] };
      console.log(`${folder.split('/').slice(-2).join('/')} on ${name}: kNN ${(100 * knn.balancedAccuracy).toFixed(1)} %, probe ${(100 * probe.accuracyAt[1]).toFixed(1)} %`);
    }
  } finally {
    await tokenizer.dispose();
    await trainer.dispose();
  }
  return figures;
}

async function describeSet({ name, labels, groups, records, split }: ValueSet) {
  const data = { labels, groups, texts: records.map(({ answer }) => answer) };
  const { balancedAccuracy, chance } = await evaluateTfidf(data, { split, k: Math.min(K, split.train.length), bootstrapSamples: 0, sweep: [] });
  return { name, valueIds: new Set(labels).size, train: split.train.length, test: split.test.length, chance, tfidf: balancedAccuracy };
}

/** Named runs only, so that they can go side by side; without names all of them, and the tables. */
const wanted = process.argv.slice(2) as BatchSamplerName[];
mkdirSync(OUT, { recursive: true });
const valueSets = await Promise.all(VALUE_SETS.map((name) => readValueSet(name)));
const sets = [...valueSets, await readValueSet(CONTROL_SET)].map((set) => sampleValueSet(set, VOTING, TESTED));
const data = writeTrainingFiles(`${OUT}data`, valueSets);
const evidence: TrainingEvidence = {
  command: 'npm run evidence:training',
  machine: await describeMachine(ROOT, { variant: capabilities().simd }),
  settings: { encoder: 'all-MiniLM-L6-v2', precision, lambda: 1, maxTokens: MAX_TOKENS, steps: STEPS, batchSize: BATCH_SIZE, k: K },
  sets: await once('sets', () => Promise.all(sets.map(describeSet))),
  frozen: await once('frozen', () => evaluateEncoder(ENCODER, sets)),
  runs: [],
};
for (const sampler of wanted.length > 0 ? wanted : BATCH_SAMPLERS) {
  const { tokens, seconds, best, steps } = await once(`${sampler}-training`, () => trainWith(sampler, data));
  const figures = await once(`${sampler}-figures`, () => evaluateEncoder(`${OUT}${sampler}/last`, sets));
  evidence.runs.push({ sampler, steps, tokens, seconds, validation: best, figures });
}
if (wanted.length === 0) {
  writeFileSync(`${RESULTS}training-${evidence.machine.variant}.json`, `${JSON.stringify(evidence, null, 2)}\n`);
  writeTrainingTables(evidence);
}
