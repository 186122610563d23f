/** Log odds that the author of a text is none of the value ids: an open set (Scheirer et al. 2013). */
import { argMax } from '../../core/arg-max.js';
import { fitSlope } from './fit-slope.js';
import { type Profiles, profileDistance, usualLogit } from './profiles.js';
import type { HeldOut, Scores } from './scores.js';
import { logitsOf, USUAL_SCALES } from './softmax-scales.js';

/** Log odds = bias + distance x (distance to the nearest profile) + logit x (excess of the largest logit). */
export interface UnknownOdds {
  /** Not negative: authors far from all profiles are unknown. */
  distance: number;
  /** Not positive: authors who resemble a value id are known. */
  logit: number;
  bias: number;
}

/** What the odds depend on. */
interface UnknownFeatures {
  distance: number;
  logit: number;
}

/**
 * Share of the usual logit of a value id that is subtracted from the largest logit: value ids that are easy to
 * recognise usually have large ones. The two features have equal weight, in standard deviations of known authors.
 * Weights fitted to each dataset are worse, because too few value ids are left out.
 */
const USUAL_SHARE = 0.5;
/** Smaller deviations are noise, which must not be scaled up. */
const MIN_DEVIATION = 0.05;

/**
 * @param profiles null where there are too many value ids for them
 * @param ids value ids that can be the author. @default all
 */
export function unknownFeatures(scores: Scores, profiles: Profiles | null, ids?: readonly number[]): UnknownFeatures {
  const logits = logitsOf(scores, USUAL_SCALES, ids);
  const best = argMax(logits);
  if (!profiles) return { distance: 0, logit: logits[best]! };
  return {
    distance: profileDistance(scores, profiles, ids),
    logit: logits[best]! - USUAL_SHARE * usualLogit(profiles, ids?.[best] ?? best),
  };
}

export function unknownLogOdds({ distance, logit, bias }: UnknownOdds, features: UnknownFeatures): number {
  return bias + distance * features.distance + logit * features.logit;
}

/** Held-out texts of known and of unknown authors. */
export interface UnknownTexts {
  own: readonly HeldOut[];
  foreign: readonly HeldOut[];
  /** Profiles that were made without a text, of the value ids that it was scored for. */
  profilesFor: (text: HeldOut) => Profiles | null;
}

/**
 * Fits the odds to held-out texts, at least one of each kind. Both kinds have equal weight, whatever their numbers.
 */
export function fitUnknownOdds({ own, foreign, profilesFor }: UnknownTexts): UnknownOdds {
  const read = (text: HeldOut): UnknownFeatures => unknownFeatures(text, profilesFor(text));
  const [known, unknown] = [own.map(read), foreign.map(read)];
  const distance = spread(known.map((one) => one.distance));
  const logit = spread(known.map((one) => one.logit));
  const strangeness = (one: UnknownFeatures): number =>
    (one.distance - distance.mean) / distance.deviation - (one.logit - logit.mean) / logit.deviation;
  const { slope, bias } = fitSlope(unknown.map(strangeness), known.map(strangeness));
  if (slope <= 0) return { distance: 0, logit: 0, bias: 0 }; // the texts tell nothing
  return {
    distance: slope / distance.deviation,
    logit: -slope / logit.deviation,
    bias: bias - slope * (distance.mean / distance.deviation - logit.mean / logit.deviation),
  };
}

function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.max(Math.sqrt(variance), MIN_DEVIATION) };
}
