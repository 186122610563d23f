/**
 * Makes packages/univar-mini from its recipe.json and ../shared: trains, rounds the weights to int8 and evaluates on
 * held-out questions. Writes the encoder, training.json and README.md to the folder. The same command resumes an
 * interrupted run.
 *
 * npm run train:mini
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import type { EncoderPrecision } from '../../src/encoder/encoder.js';
import { exportEncoder } from '../../src/encoder/export/export-encoder.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { type TrainSummary, train } from '../../src/training/train.js';
import { Cache } from './cache.js';
import { describeSet, evaluateEncoder, LIMITS, sampleSet } from './figures.js';
import { writeMiniCard } from './mini-card.js';
import { readMiniData } from './mini-data.js';
import { checkFiles, encoderFolder, type MiniRecipe, MODEL_FOLDER, readRecipe } from './mini-recipe.js';
import type { MiniTraining } from './mini-training.js';
import type { ValueSet } from './value-sets.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPARED_TEXTS = 400;

async function trainEncoder(recipe: MiniRecipe, data: string, out: string): Promise<TrainSummary> {
  return train({
    checkpointEvery: 25,
    ...recipe.training,
    data: [data],
    encoder: encoderFolder(recipe),
    out,
    events: {
      onStart: ({ done, steps, rows, validationRows, valueIds }) =>
        console.log(
          `${rows} rows, ${valueIds} value ids, ${validationRows} held out for validation; ` +
            `${done} of ${steps} steps done`,
        ),
      onStep: ({ step, loss }) => step % 10 === 0 && console.log(`step ${step}, loss ${loss.toFixed(3)}`),
      onValidation: ({ step, balancedAccuracy }) =>
        console.log(`validation after step ${step}: ${balancedAccuracy.toFixed(3)}`),
    },
  });
}

/** Exports the encoder for release. It accepts longer texts than in training, and the figures use this limit. */
async function exportMini(trained: string, out: string, maxTokens: number): Promise<void> {
  await exportEncoder(trained, out, { to: 'safetensors', dtype: 'int8' });
  writeFileSync(
    `${out}/sentence_bert_config.json`,
    `${JSON.stringify({ max_seq_length: maxTokens, do_lower_case: false }, null, 2)}\n`,
  );
  const config = JSON.parse(readFileSync(`${out}/config.json`, 'utf8')) as object;
  writeFileSync(`${out}/config.json`, `${JSON.stringify({ ...config, univar: { precision: 'int8' } }, null, 2)}\n`);
}

/** Measures the effect of rounding the weights, with float32 and with int8 products. */
async function measureRounding(
  trained: string,
  rounded: string,
  sets: readonly ValueSet[],
  maxTokens: number,
): Promise<MiniTraining['rounding']> {
  const answers = sets.flatMap(({ records, split }) => Array.from(split.test, (row) => records[row]!));
  const stride = Math.max(1, Math.floor(answers.length / COMPARED_TEXTS));
  const texts = answers.filter((_, i) => i % stride === 0).slice(0, COMPARED_TEXTS);
  const embed = async (folder: string, precision: EncoderPrecision) => {
    const encoder = await loadEncoder(folder, { precision, maxTokens });
    const { embeddings, dim } = await encoder.encode(texts);
    await encoder.dispose();
    return texts.map((_, i) => embeddings.subarray(i * dim, (i + 1) * dim));
  };
  const expected = await embed(trained, 'f32');
  const rounding: MiniTraining['rounding'] = [];
  for (const products of ['f32', 'int8'] as const) {
    const actual = await embed(rounded, products);
    const cosines = expected.map((vector, i) => vector.reduce((sum, value, j) => sum + value * actual[i]![j]!, 0));
    rounding.push({
      texts: texts.length,
      products,
      mean: cosines.reduce((sum, cosine) => sum + cosine) / texts.length,
      least: Math.min(...cosines),
    });
  }
  return rounding;
}

const { recipe, sha256 } = readRecipe();
const { maxTokens } = recipe;
await checkFiles(recipe);
// Another recipe has its own folder, so that results of different recipes are never mixed.
const out = `${ROOT}out/train-mini/${sha256.slice(0, 12)}/`;
mkdirSync(out, { recursive: true });
const cache = new Cache(out);

const { evaluated, folder } = await readMiniData(recipe, `${out}data`);
const summary = await trainEncoder(recipe, folder, `${out}run`);
const exported = `${out}univar-mini`;
await exportMini(summary.encoder, exported, maxTokens);

const sets = evaluated.map(sampleSet);
// Precision of the figures. bfloat16 changes them by far less than their uncertainty.
const precision = capabilities().bf16 === 'native' ? 'bf16' : 'f32';
const settings = { maxTokens, precision } as const;
const { rows, validationRows, valueIds, steps, tokens, seconds, best } = summary;
const training: MiniTraining = {
  command: 'npm run train:mini',
  machine: await describeMachine(ROOT, { variant: capabilities().simd, bf16: capabilities().bf16 }),
  recipeSha256: sha256,
  training: { rows, validationRows, valueIds, steps, tokens, seconds, best },
  rounding: await cache.json('rounding', [LIMITS, maxTokens, COMPARED_TEXTS], () =>
    measureRounding(summary.encoder, exported, sets, maxTokens),
  ),
  sets: await cache.json('sets', LIMITS, () => Promise.all(sets.map(describeSet))),
  base: await cache.json('base', [LIMITS, settings], () => evaluateEncoder(encoderFolder(recipe), sets, settings)),
  figures: await cache.json('figures', [LIMITS, settings], () => evaluateEncoder(exported, sets, settings)),
};
cpSync(exported, MODEL_FOLDER, { recursive: true });
writeFileSync(`${MODEL_FOLDER}training.json`, `${JSON.stringify(training, null, 2)}\n`);
writeMiniCard(MODEL_FOLDER, recipe, training);
console.log(`${MODEL_FOLDER} is written`);
