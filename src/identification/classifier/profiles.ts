/**
 * Profiles: the usual logits that answers of a value id get for all value ids. A text that resembles two value ids gets
 * high logits for both, and so fits neither profile. This tells unknown authors from known ones where the largest logit
 * does not.
 */
import type { HeldOut, Scores } from './scores.js';
import { logitsOf, USUAL_SCALES } from './softmax-scales.js';

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
    logitsOf(text, USUAL_SCALES).forEach((logit, i) => {
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

/** The profiles of some value ids, for texts that were scored for these alone. */
export function profilesOf(profiles: Profiles, ids: readonly number[]): Profiles {
  const count = Math.sqrt(profiles.length);
  return Float32Array.from(ids.flatMap((row) => ids.map((column) => profiles[row * count + column]!)));
}

/**
 * Returns the root mean square difference of the logits to the nearest profile.
 *
 * @param ids value ids whose profiles are compared. @default all
 */
export function profileDistance(scores: Scores, profiles: Profiles, ids?: readonly number[]): number {
  const logits = logitsOf(scores, USUAL_SCALES);
  let least = Infinity;
  for (const id of ids ?? logits.keys()) {
    const profile = profiles.subarray(id * logits.length, (id + 1) * logits.length);
    const sum = profile.reduce((total, usual, i) => total + (logits[i]! - usual) ** 2, 0);
    least = Math.min(least, sum / logits.length);
  }
  return Math.sqrt(least);
}
