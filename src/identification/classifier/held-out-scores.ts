/** Scores of answers by classifiers that have not seen them: the folds of a cross-validation. */
import { SeededRandom } from '../../core/random.js';
import { fitPair, ifEnoughData, type LabelledTexts, type PairOptions } from './fit-classifier.js';
import { scorePair } from './score-pair.js';
import type { HeldOut } from './scores.js';

/** Folds of all cross-validations. */
export const FOLDS = 4;

/** Rows to train on and rows to score, and all value ids of the answers. */
export interface Fold {
  rows: readonly number[];
  held: readonly number[];
  fold: number;
  names: readonly string[];
}

/** Trains on some rows and scores others. Returns no text if the rows do not suffice for a fit. */
export async function scoreHeldOut(
  answers: LabelledTexts,
  { rows, held, fold, names }: Fold,
  options: PairOptions,
): Promise<HeldOut[]> {
  if (held.length === 0) return [];
  const pair = await ifEnoughData(fitPair(answers, rows, options));
  if (!pair) return [];
  const texts = held.map((row) => answers.texts[row]!);
  const { scores, known } = await scorePair(pair, texts, { signal: options.signal });
  const position = new Map(pair.weights.names.map((name, i) => [name, i]));
  const column = new Map(names.map((name, i) => [name, i]));
  const columns = pair.weights.names.map((name) => column.get(name)!);
  return scores.map((one, i) => {
    const author = answers.valueIds[held[i]!]!;
    const label = position.get(author) ?? -1;
    return { ...one, known: known[i]!, source: `${fold} ${author}`, label, columns, fold };
  });
}

/** Assigns names to {@link FOLDS} folds of equal size. */
export function assignFolds(names: readonly string[], seed: number): Map<string, number> {
  const shuffled = new SeededRandom(seed).shuffle([...names].sort());
  return new Map(shuffled.map((name, i) => [name, i % FOLDS]));
}
