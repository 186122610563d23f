/**
 * Makes models/univar-base, the default encoder, from the sets of recipe.ts in ../shared. Writes the encoder,
 * training.json and README.md to the folder, and the output of the quickstart to the project's README. Takes about five
 * minutes on two cores.
 *
 * npm run train:default
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describeMachine } from '../../src/benchmarking/results-file.js';
import { DEFAULT_ENCODER } from '../../src/encoder/default-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { hashFile } from '../../src/records/input-files.js';
import { baseCard, type Evidence } from './card.js';
import { trainOn } from './fold-bases.js';
import { writeQuickstart } from './readme-quickstart.js';
import { BASE_SETS, SETTINGS } from './recipe.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const { answers, valueIds, seconds } = await trainOn(
  BASE_SETS.map(({ set }) => set),
  DEFAULT_ENCODER,
  (text) => console.log(text),
);
const training = {
  command: 'npm run train:default',
  machine: await describeMachine(ROOT, { variant: capabilities().simd }),
  settings: SETTINGS,
  answers,
  valueIds,
  seconds: Math.round(seconds),
  sha256: (await hashFile(join(DEFAULT_ENCODER, 'model.safetensors'))).sha256,
};
writeFileSync(join(DEFAULT_ENCODER, 'training.json'), `${JSON.stringify(training, null, 2)}\n`);
const evidence = readFileSync(join(ROOT, 'bench/results/evidence.json'), 'utf8');
writeFileSync(join(DEFAULT_ENCODER, 'README.md'), baseCard(training, BASE_SETS, JSON.parse(evidence) as Evidence));
const quickstart = ['dist/cli/main.js', 'quickstart', '--fresh', '--out', join(ROOT, 'out/train-default/quickstart')];
writeQuickstart(
  execFileSync(process.execPath, quickstart, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
);
console.log(`${DEFAULT_ENCODER} and the README are written`);
