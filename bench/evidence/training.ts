/**
 * Whether training helps: MiniLM is trained on the training questions of the value sets, once per batch sampler, and
 * identifies the models that answered the held-out questions, before and after. Writes the figures to
 * bench/results/training-SIMD.json and the tables to docs/training.md. Interrupted, the same command goes on.
 *
 * npm run evidence:training
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { capabilities } from '../../src/native/capabilities.js';
import { BATCH_SAMPLERS, type BatchSamplerName } from '../../src/training/batch-samplers.js';
import { train, type TrainSummary } from '../../src/training/train.js';
import { describeMachine } from '../../src/benchmarking/results-file.js';
import { describeSet, evaluateEncoder, K, keepResults, sampleSet } from './figures.js';
import { writeTrainingTables, type TrainingEvidence } from './training-tables.js';
import { CONTROL_SET, readValueSet, testedGroups, VALUE_SETS, writeTrainingFiles } from './value-sets.js';

const ENCODER = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = fileURLToPath(new URL('../../out/evidence/', import.meta.url));
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/** Tokens of a text, in training and in the evaluation: the rest is cut. */
const MAX_TOKENS = 128;
const STEPS = 200;
const BATCH_SIZE = 48;
const precision = capabilities().bf16 === 'native' ? 'bf16' : 'f32';
const once = keepResults(OUT);

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

/** Named runs only, so that they can go side by side; without names all of them, and the tables. */
const wanted = process.argv.slice(2) as BatchSamplerName[];
mkdirSync(OUT, { recursive: true });
const valueSets = await Promise.all(VALUE_SETS.map((name) => readValueSet(name)));
const sets = [...valueSets, await readValueSet(CONTROL_SET)].map(sampleSet);
const data = writeTrainingFiles(`${OUT}data`, valueSets, testedGroups(valueSets));
const evidence: TrainingEvidence = {
  command: 'npm run evidence:training',
  machine: await describeMachine(ROOT, { variant: capabilities().simd }),
  settings: { encoder: 'all-MiniLM-L6-v2', precision, lambda: 1, maxTokens: MAX_TOKENS, steps: STEPS, batchSize: BATCH_SIZE, k: K },
  sets: await once('sets', () => Promise.all(sets.map(describeSet))),
  frozen: await once('frozen', () => evaluateEncoder(ENCODER, sets, { maxTokens: MAX_TOKENS, precision })),
  runs: [],
};
for (const sampler of wanted.length > 0 ? wanted : BATCH_SAMPLERS) {
  const { tokens, seconds, best, steps } = await once(`${sampler}-training`, () => trainWith(sampler, data));
  const figures = await once(`${sampler}-figures`, () => evaluateEncoder(`${OUT}${sampler}/last`, sets, { maxTokens: MAX_TOKENS, precision }));
  evidence.runs.push({ sampler, steps, tokens, seconds, validation: best, figures });
}
if (wanted.length === 0) {
  writeFileSync(`${RESULTS}training-${evidence.machine.variant}.json`, `${JSON.stringify(evidence, null, 2)}\n`);
  writeTrainingTables(evidence);
}
