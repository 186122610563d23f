/**
 * Makes models/univar-base, the default encoder, from the sets of recipe.ts in ../shared. Writes the encoder,
 * training.json and README.md to the folder, and the output of the quickstart to the project's README. Takes about five
 * minutes on two cores.
 *
 *   npm run train:default
 *   npm run train:default -- --pages       # writes both pages again, without training
 *   npm run train:default -- --variants    # compares variants of the recipe instead (docs/evidence.md)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import { DEFAULT_ENCODER } from '../../src/encoder/default-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { hashFile } from '../../src/records/input-files.js';
import { type BaseTrainingRecord, baseCard, type Evidence } from './card.js';
import { compareVariants } from './compare-variants.js';
import { trainOn } from './fold-bases.js';
import { writeQuickstart, writeQuickstartSvm } from './readme-quickstart.js';
import { BASE_SETS, SETTINGS } from './recipe.js';
import { writeVariants } from './variants-page.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TRAINING = join(DEFAULT_ENCODER, 'training.json');

const log = (text: string): void => console.log(text);

async function trainDefault(): Promise<void> {
  const names = BASE_SETS.map(({ set }) => set);
  const { answers, valueIds, seconds } = await trainOn(names, DEFAULT_ENCODER, log);
  const training: BaseTrainingRecord = {
    command: 'npm run train:default',
    machine: await describeMachine(ROOT, { variant: capabilities().simd }),
    settings: SETTINGS,
    answers,
    valueIds,
    seconds: Math.round(seconds),
    sha256: (await hashFile(join(DEFAULT_ENCODER, 'model.safetensors'))).sha256,
  };
  writeFileSync(TRAINING, `${JSON.stringify(training, null, 2)}\n`);
}

async function writePages(): Promise<void> {
  const training = JSON.parse(readFileSync(TRAINING, 'utf8')) as BaseTrainingRecord;
  const evidence = JSON.parse(readFileSync(join(ROOT, 'bench/results/evidence.json'), 'utf8')) as Evidence;
  writeFileSync(join(DEFAULT_ENCODER, 'README.md'), baseCard(training, BASE_SETS, evidence));
  writeQuickstart(ROOT);
  await writeQuickstartSvm(ROOT);
  log(`${DEFAULT_ENCODER} and the README are written`);
}

const { values } = parseArgs({
  options: { pages: { type: 'boolean', default: false }, variants: { type: 'boolean', default: false } },
});
if (values.variants) writeVariants(ROOT, await compareVariants(ROOT, log));
else {
  if (!values.pages) await trainDefault();
  await writePages();
}
