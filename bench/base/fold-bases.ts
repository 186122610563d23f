/** Base encoders for measurements on the sets of BASE_SETS: each was trained without a part of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { writeNgramFolder } from '../../src/encoder/ngrams/ngram-folder.js';
import { trainBase } from '../../src/training/ngrams/train-base.js';
import { loadSet } from './base-sets.js';
import { BASE_SETS, SETTINGS } from './recipe.js';

/** Folder of the bases. */
const BASES = fileURLToPath(new URL('../../out/base', import.meta.url));
/** Everything that affects the bases, for caches of figures. */
export const BASES_KEY = JSON.stringify([SETTINGS, BASE_SETS]);

const FOLDS = 4;

const FAMILIES = [...new Set(BASE_SETS.map(({ family }) => family))].sort();

/** Returns the fold whose base was trained without a set and its family; undefined if no base was trained on it. */
export function foldOf(set: string): number | undefined {
  const family = BASE_SETS.find((known) => known.set === set)?.family;
  return family === undefined ? undefined : FAMILIES.indexOf(family) % FOLDS;
}

/**
 * Returns the folder of a base that was not trained on a set, and trains it if it does not exist yet. A set that is in
 * no training data gets the base without the first fold, so that the bases of all sets were trained on about as many
 * answers.
 */
export async function baseWithout(set: string, log: (text: string) => void): Promise<string> {
  const fold = foldOf(set) ?? 0;
  const path = join(BASES, `base-without-${fold}`);
  if (existsSync(join(path, 'model.safetensors'))) return path;
  log(
    `training a base without ${BASE_SETS.filter((known) => foldOf(known.set) === fold)
      .map((known) => known.set)
      .join(', ')}`,
  );
  await trainOn(
    BASE_SETS.map((known) => known.set).filter((name) => foldOf(name) !== fold),
    path,
    log,
  );
  return path;
}

/** Trains a base on some sets and writes its folder. */
export async function trainOn(
  names: readonly string[],
  folder: string,
  log: (text: string) => void,
): Promise<{ answers: number; valueIds: number; seconds: number; losses: number[] }> {
  const sources = [];
  for (const name of names) sources.push(await loadSet(name));
  const answers = sources.reduce((sum, { rows }) => sum + rows, 0);
  const valueIds = sources.reduce((sum, { names: ids }) => sum + ids.length, 0);
  log(`${answers} answers of ${sources.length} sets`);
  const started = performance.now();
  const onProgress = (step: number): void => {
    if (step % 500 === 0) log(`step ${step} of ${SETTINGS.steps}`);
  };
  const trained = await trainBase({ ...SETTINGS, sources, onProgress });
  await writeNgramFolder(folder, trained.config, trained.weights, trained.answers);
  return { answers, valueIds, seconds: (performance.now() - started) / 1000, losses: trained.losses };
}
