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
  /** Position of its value id, or -1 if that was left out of training. */
  label: number;
  /** Texts of equal source have the same author, and were scored by the same classifier. */
  source: string;
}

/** Means of the scores of several texts. */
export function meanScores(texts: readonly Scores[]): Scores {
  const mean = (column: keyof Scores): Float32Array =>
    texts[0]![column].map((_, i) => texts.reduce((sum, scores) => sum + scores[column][i]!, 0) / texts.length);
  return { decisions: mean('decisions'), similarities: mean('similarities') };
}

/** Draws groups of `size` texts of one source, `rounds` times, and averages the scores of each. */
export function drawGroups(texts: readonly HeldOut[], size: number, rounds: number, seed: number): HeldOut[] {
  const sources = new Map<string, HeldOut[]>();
  for (const text of texts) {
    const all = sources.get(text.source);
    if (all) all.push(text);
    else sources.set(text.source, [text]);
  }
  const random = new SeededRandom(seed);
  return [...sources.values()].flatMap((all) =>
    Array.from({ length: rounds }, () => random.shuffle([...all])).flatMap((shuffled) =>
      Array.from({ length: Math.floor(shuffled.length / size) }, (_, i) => ({
        ...shuffled[0]!,
        ...meanScores(shuffled.slice(i * size, (i + 1) * size)),
      })),
    ),
  );
}
