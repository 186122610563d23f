/** models/univar-mini/recipe.json: what the default encoder is trained from and how. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { hashFile } from '../../src/records/input-files.js';
import type { TrainOptions } from '../../src/training/settings.js';

export const MODEL_FOLDER = fileURLToPath(new URL('../../models/univar-mini/', import.meta.url));
const RECIPE_FILE = `${MODEL_FOLDER}recipe.json`;
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

export interface DefaultRecipe {
  encoder: {
    name: string;
    /** In ../shared/models. */
    folder: string;
    licence: string;
    /** Of its model.safetensors. */
    sha256: string;
  };
  /** Options of `train`. */
  training: Omit<TrainOptions, 'data' | 'encoder' | 'out' | 'signal' | 'events'>;
  /** Length limit of the encoder and of what it is measured on; may be above that of the training. */
  maxTokens: number;
  data: {
    /** Name in ../shared/data/qa. */
    set: string;
    licence: string;
    source: string;
    snapshot: string;
    sha256: string;
  }[];
}

/** The recipe and the SHA-256 of its file. */
export function readRecipe(): { recipe: DefaultRecipe; sha256: string } {
  const bytes = readFileSync(RECIPE_FILE);
  return {
    recipe: JSON.parse(bytes.toString('utf8')) as DefaultRecipe,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

export function encoderFolder({ encoder }: DefaultRecipe): string {
  return `${SHARED}models/${encoder.folder}`;
}

/** @throws Error naming the file that is not the one of the recipe */
export async function checkFiles(recipe: DefaultRecipe): Promise<void> {
  const files = [
    { path: `${encoderFolder(recipe)}/model.safetensors`, sha256: recipe.encoder.sha256 },
    ...recipe.data.map(({ set, sha256 }) => ({ path: `${SHARED}data/qa/${set}.jsonl.gz`, sha256 })),
  ];
  for (const { path, sha256 } of files) {
    const found = await hashFile(path);
    if (found.sha256 !== sha256)
      throw new Error(`${path} has the SHA-256 ${found.sha256}, ${RECIPE_FILE} names ${sha256}`);
  }
}
