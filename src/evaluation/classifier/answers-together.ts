import { drawRows } from '../../identification/classifier/scores.js';
import { guess, type ScoredRows } from './scored-rows.js';

/** The accuracy for several answers of one author together. */
export interface TogetherPoint {
  /** Number of answers of one label that are identified together. */
  answers: number;
  /** Share of the groups of so many answers that are identified correctly. */
  accuracy: number;
  /** Mean of that share over the labels. */
  balancedAccuracy: number;
  /** Number of labels with so many tested answers. The others are left out. */
  labels: number;
  /** Number of groups that were drawn. */
  groups: number;
}

const SIZES = [1, 2, 3, 5, 10, 20];
/** Draws of disjoint groups, which make the figures of few answers steadier. */
const ROUNDS = 10;

/**
 * Computes the accuracy if several answers of one label are identified together. Groups are drawn without replacement,
 * several times; single answers are drawn once. Leaves out sizes that no label has.
 */
export function togetherCurve(scored: ScoredRows, labels: readonly string[], seed: number): TogetherPoint[] {
  return SIZES.flatMap((answers) => {
    const groups = drawRows(labels, answers, answers === 1 ? 1 : ROUNDS, seed);
    if (groups.length === 0) return [];
    const counts = new Map<string, { groups: number; hits: number }>();
    for (const rows of groups) {
      const label = labels[rows[0]!]!;
      const count = counts.get(label) ?? { groups: 0, hits: 0 };
      counts.set(label, count);
      count.groups += 1;
      count.hits += Number(guess(scored, rows).label === label);
    }
    const all = [...counts.values()];
    const hits = all.reduce((sum, count) => sum + count.hits, 0);
    const shares = all.reduce((sum, count) => sum + count.hits / count.groups, 0);
    return [
      {
        answers,
        accuracy: hits / groups.length,
        balancedAccuracy: shares / all.length,
        labels: all.length,
        groups: groups.length,
      },
    ];
  });
}
