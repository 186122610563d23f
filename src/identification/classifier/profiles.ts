/**
 * Profiles: the usual logits that answers of a value id get for all value ids. A text that resembles two value ids gets
 * high logits for both, and so fits neither profile. This tells unknown authors from known ones where the largest logit
 * does not.
 */
import type { HeldOut, Scores } from './scores.js';
import { logitsOf, USUAL } from './softmax-scales.js';

/** [ids, ids], row-major: row c has the mean logits of the answers of value id c. */
export type Profiles = Float32Array;

/** With more value ids, there are no profiles: their size and time grow with the square. */
export const MAX_PROFILES = 512;

/** Computes the profiles of `count` value ids from texts that were not trained on. */
export function meanProfiles(texts: readonly HeldOut[], count: number): Profiles {
  const sums = new Float64Array(count * count);
  const numbers = new Float64Array(count * count);
  for (const text of texts) {
    if (text.label < 0) continue;
    const row = text.columns[text.label]! * count;
    logitsOf(text, USUAL).forEach((logit, i) => {
      sums[row + text.columns[i]!]! += logit;
      numbers[row + text.columns[i]!]! += 1;
    });
  }
  // Value ids without texts, and pairs that no fold knew, get the mean of the others.
  const isOwn = (i: number): boolean => i % (count + 1) === 0;
  const meanWhere = (own: boolean): number => {
    let [sum, number] = [0, 0];
    for (let i = 0; i < sums.length; i++) {
      if (isOwn(i) !== own) continue;
      sum += sums[i]!;
      number += numbers[i]!;
    }
    return number > 0 ? sum / number : 0;
  };
  const [own, other] = [meanWhere(true), meanWhere(false)];
  return Float32Array.from(sums, (sum, i) => (numbers[i]! > 0 ? sum / numbers[i]! : isOwn(i) ? own : other));
}

/** The logit that answers of a value id usually get for it. */
export function usualLogit(profiles: Profiles, id: number): number {
  return profiles[id * Math.sqrt(profiles.length) + id]!;
}

/** Value ids that a distance takes into account. */
export interface DistanceScope {
  /** [scores], the value ids that the scores are for. @default all */
  columns?: readonly number[] | undefined;
  /** Value ids whose profiles are compared. @default all */
  ids?: readonly number[] | undefined;
}

/** Returns the root mean square difference of the logits to the nearest profile. */
export function profileDistance(scores: Scores, profiles: Profiles, { columns, ids }: DistanceScope = {}): number {
  const count = Math.sqrt(profiles.length);
  const logits = logitsOf(scores, USUAL);
  let least = Infinity;
  const compare = (id: number): void => {
    let sum = 0;
    for (let i = 0; i < logits.length; i++) sum += (logits[i]! - profiles[id * count + (columns?.[i] ?? i)]!) ** 2;
    least = Math.min(least, sum / logits.length);
  };
  if (ids) ids.forEach(compare);
  else for (let id = 0; id < count; id++) compare(id);
  return Math.sqrt(least);
}
