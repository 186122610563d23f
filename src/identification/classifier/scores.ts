/** Scores of texts, from which probabilities are made. */
import { SeededRandom } from '../../core/random.js';

/** Scores of a text, or means of those of several texts, for every value id of a classifier. */
export interface Scores {
  /** Distances to the planes of the linear classifier. */
  decisions: Float32Array;
  /** Cosines of the fitted vector and the mean vectors of the value ids. */
  similarities: Float32Array;
}

/** Scores of a text that the classifier and the encoder were not trained on. */
export interface HeldOut extends Scores {
  /** Position of its value id in the scores, or -1 if that was left out of training. */
  label: number;
  /** [scores], the value ids of the dataset that the scores are for. */
  columns: readonly number[];
  /** The fold whose classifier scored it. */
  fold: number;
  /** Share of known n-grams. */
  known: number;
  /** Texts of equal source have the same author, and were scored by the same classifier. */
  source: string;
}

/** Means of the scores of several texts. */
export function meanScores(texts: readonly Scores[]): Scores {
  const mean = (column: keyof Scores): Float32Array =>
    texts[0]![column].map((_, i) => texts.reduce((sum, scores) => sum + scores[column][i]!, 0) / texts.length);
  return { decisions: mean('decisions'), similarities: mean('similarities') };
}

/** Draws groups of `size` texts of one source, `rounds` times, and averages what was measured of each. */
export function drawGroups(texts: readonly HeldOut[], size: number, rounds: number, seed: number): HeldOut[] {
  const sources = texts.map(({ source }) => source);
  return drawRows(sources, size, rounds, seed).map((rows) => ({
    ...texts[rows[0]!]!,
    ...meanScores(rows.map((row) => texts[row]!)),
    known: rows.reduce((sum, row) => sum + texts[row]!.known, 0) / size,
  }));
}

/** Draws groups of `size` rows of one source. A row occurs in at most one group of every round. */
export function drawRows(sources: readonly string[], size: number, rounds: number, seed: number): number[][] {
  const rowsOf = new Map<string, number[]>();
  sources.forEach((source, row) => {
    const rows = rowsOf.get(source);
    if (rows) rows.push(row);
    else rowsOf.set(source, [row]);
  });
  const random = new SeededRandom(seed);
  return [...rowsOf.values()].flatMap((all) =>
    Array.from({ length: rounds }, () => random.shuffle([...all])).flatMap((shuffled) =>
      Array.from({ length: Math.floor(shuffled.length / size) }, (_, i) => shuffled.slice(i * size, (i + 1) * size)),
    ),
  );
}
