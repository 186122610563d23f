/** Encoders fitted on answers of a set, and checks of them that ordinary evaluations must not make. */
import { SeededRandom } from '../../src/core/random.js';
import { labelRows } from '../../src/core/row-labels.js';
import type { Encoder } from '../../src/encoder/encoder.js';
import { createNgramEncoder } from '../../src/encoder/ngrams/create-ngram-encoder.js';
import { evaluateNeighbours } from '../../src/evaluation/knn.js';
import type { FitSettings } from '../../src/identification/fit/fit-settings.js';
import { fitTable } from '../../src/identification/fit/fit-table.js';
import { allocateSearchResult, type SearchResult } from '../../src/native/search-result.js';
import { exactSearch } from '../../src/search/exact-search.js';

/** Fits an encoder on answers. */
export async function fitOn(
  texts: readonly string[],
  labels: readonly string[],
  settings: FitSettings,
): Promise<Encoder> {
  const answers = labelRows(labels);
  const read = async function* (rows: Int32Array) {
    yield await Promise.resolve(Array.from(rows, (row) => texts[row]!));
  };
  const { config, weights } = await fitTable({ ...answers, read }, settings);
  return createNgramEncoder('fit', config, weights);
}

/**
 * Returns the balanced accuracy of kNN on the answers that the encoder was fitted on, each identified by the others.
 * This is no estimate for new answers.
 */
export async function accuracyOnFittedAnswers(
  texts: readonly string[],
  labels: readonly string[],
  k: number,
  settings: FitSettings,
): Promise<number> {
  const encoder = await fitOn(texts, labels, settings);
  try {
    const { embeddings, dim } = await encoder.encode(texts);
    // The rows occur twice, because an evaluation does not take rows that are both voting and tested.
    const train = Int32Array.from(labels.keys());
    const twice = [...labels, ...labels];
    const options = {
      split: { train, test: train.map((row) => row + labels.length) },
      k,
      sweep: [],
      bootstrapSamples: 0,
    };
    const { balancedAccuracy } = await evaluateNeighbours({ labels: twice, groups: twice }, options, async () =>
      withoutThemselves(await exactSearch({ base: embeddings, queries: embeddings, dim, k: k + 1 })),
    );
    return balancedAccuracy;
  } finally {
    await encoder.dispose();
  }
}

/** Removes the row itself from the neighbours of every row, or the furthest neighbour if it is not among them. */
export function withoutThemselves({ labels, distances, k }: SearchResult): SearchResult {
  const rows = labels.length / k;
  const others = allocateSearchResult(rows, k - 1);
  for (let row = 0; row < rows; row++) {
    const neighbours = [...labels.subarray(row * k, (row + 1) * k).keys()];
    const own = neighbours.findIndex((i) => labels[row * k + i] === row);
    neighbours.splice(own, 1); // -1 is the last
    neighbours.forEach((i, place) => {
      others.labels[row * (k - 1) + place] = labels[row * k + i]!;
      others.distances[row * (k - 1) + place] = distances[row * k + i]!;
    });
  }
  return others;
}

/** Shuffles labels among the rows of each group. Every group keeps its labels. */
export function shuffleWithinGroups(labels: readonly string[], groups: readonly string[], seed: number): string[] {
  const random = new SeededRandom(seed);
  const rowsOf = new Map<string, number[]>();
  groups.forEach((group, row) => {
    const rows = rowsOf.get(group);
    if (rows) rows.push(row);
    else rowsOf.set(group, [row]);
  });
  const shuffled = [...labels];
  for (const rows of rowsOf.values()) {
    random.shuffle([...rows]).forEach((from, i) => (shuffled[rows[i]!] = labels[from]!));
  }
  return shuffled;
}
