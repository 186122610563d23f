/** Measures how much of a question survives translation into a language and back. */
import { createHash } from 'node:crypto';

import { loadEncoder } from '../../encoder/load-encoder.js';
import type { GeneratedRecord } from '../records.js';

export interface RoundTrip {
  lang: string;
  /** Number of compared questions. */
  questions: number;
  /** Cosine similarity of a question and its translation back: mean and lowest tenth. */
  mean: number;
  lowestTenth: number;
  /** The pair with the lowest similarity. */
  worst: { similarity: number; question: string; back: string };
}

interface Pair {
  hash: string;
  question: string;
  back: string;
}

/** Sample of questions and their back-translations: for each language, those with the lowest hashes. */
export class RoundTripSample {
  readonly byLanguage = new Map<string, Map<string, Pair>>();

  /** @param perLanguage maximum number of compared questions per language */
  constructor(private readonly perLanguage: number) {}

  add({ qid, lang, source, question, questionOriginal }: GeneratedRecord): void {
    if (questionOriginal === undefined) return;
    const pairs = this.byLanguage.get(lang) ?? new Map<string, Pair>();
    this.byLanguage.set(lang, pairs);
    if (pairs.has(qid)) return;
    pairs.set(qid, { hash: createHash('sha256').update(qid).digest('hex'), question: source, back: question });
    // Shrinks only at twice the size, because sorting at every record would be slow.
    if (pairs.size > 2 * this.perLanguage + 100) this.#shrink(pairs);
  }

  pairs(lang: string): Pair[] {
    const pairs = this.byLanguage.get(lang) ?? new Map<string, Pair>();
    this.#shrink(pairs);
    return [...pairs.values()];
  }

  #shrink(pairs: Map<string, Pair>): void {
    const kept = [...pairs].sort(([, a], [, b]) => (a.hash < b.hash ? -1 : 1)).slice(0, this.perLanguage);
    pairs.clear();
    for (const [qid, pair] of kept) pairs.set(qid, pair);
  }
}

/** @param folder encoder that compares the questions */
export async function roundTripSimilarity(
  sample: RoundTripSample,
  folder: string,
  signal?: AbortSignal,
): Promise<RoundTrip[]> {
  const languages = [...sample.byLanguage.keys()].sort().filter((lang) => sample.pairs(lang).length > 0);
  if (languages.length === 0) return [];
  const encoder = await loadEncoder(folder);
  try {
    const trips: RoundTrip[] = [];
    for (const lang of languages) {
      const pairs = sample.pairs(lang);
      const { embeddings, dim } = await encoder.encode(
        pairs.flatMap(({ question, back }) => [question, back]),
        { signal },
      );
      const scored = pairs
        .map((pair, i) => ({
          ...pair,
          similarity: cosine(
            embeddings.subarray(2 * i * dim, (2 * i + 1) * dim),
            embeddings.subarray((2 * i + 1) * dim, (2 * i + 2) * dim),
          ),
        }))
        .sort((a, b) => a.similarity - b.similarity);
      const { similarity, question, back } = scored[0]!;
      const mean = scored.reduce((sum, entry) => sum + entry.similarity, 0) / scored.length;
      trips.push({
        lang,
        questions: scored.length,
        mean,
        lowestTenth: scored[Math.floor(scored.length / 10)]!.similarity,
        worst: { similarity, question, back },
      });
    }
    return trips;
  } finally {
    await encoder.dispose();
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let squaresOfA = 0;
  let squaresOfB = 0;
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squaresOfA += a[i]! ** 2;
    squaresOfB += b[i]! ** 2;
  }
  return squaresOfA === 0 || squaresOfB === 0 ? 0 : product / Math.sqrt(squaresOfA * squaresOfB);
}
