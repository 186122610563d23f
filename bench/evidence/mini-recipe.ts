/** Reads packages/univar-mini/recipe.json: data and settings of univar-mini. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { MINI_ENCODER } from '../../src/encoder/default-encoder.js';
import { hashFile } from '../../src/records/input-files.js';
import type { TrainOptions } from '../../src/training/settings.js';

export const MODEL_FOLDER = `${MINI_ENCODER}/`;
const RECIPE_FILE = `${MODEL_FOLDER}recipe.json`;
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

export interface MiniRecipe {
  encoder: {
    name: string;
    /** Folder in ../shared/models. */
    folder: string;
    licence: string;
    /** SHA-256 of its model.safetensors. */
    sha256: string;
  };
  /** Options of `train`. */
  training: Omit<TrainOptions, 'data' | 'encoder' | 'out' | 'signal' | 'events'>;
  /** Token limit of the encoder and of its evaluation. It can be larger than that of the training. */
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

/** Reads the recipe and the SHA-256 of its file. */
export function readRecipe(): { recipe: MiniRecipe; sha256: string } {
  const bytes = readFileSync(RECIPE_FILE);
  return {
    recipe: JSON.parse(bytes.toString('utf8')) as MiniRecipe,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

export function encoderFolder({ encoder }: MiniRecipe): string {
  return `${SHARED}models/${encoder.folder}`;
}

/** Checks the hashes of encoder and data. @throws Error naming a file that differs from the recipe */
export async function checkFiles(recipe: MiniRecipe): Promise<void> {
  const files = [
    { path: `${encoderFolder(recipe)}/model.safetensors`, sha256: recipe.encoder.sha256 },
    ...recipe.data.map(({ set, sha256 }) => ({ path: `${SHARED}data/qa/${set}.jsonl.gz`, sha256 })),
  ];
  for (const { path, sha256 } of files) {
    const found = await hashFile(path);
    if (found.sha256 !== sha256)
      throw new Error(`Expected SHA-256 ${sha256} for ${path} (${RECIPE_FILE}), got ${found.sha256}`);
  }
}
