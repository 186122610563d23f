/** Log odds that the author of a text is none of the value ids: an open set (Scheirer et al. 2013). */
import { argMax } from '../../core/arg-max.js';
import { type DistanceScope, type Profiles, profileDistance, usualLogit } from './profiles.js';
import type { HeldOut, Scores } from './scores.js';
import { logitsOf, USUAL } from './softmax-scales.js';

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
 * Share of the usual logit of a value id that is subtracted from the largest logit: value ids that are easy to recognise
 * usually have large ones. The two features have equal weight, in standard deviations of known authors. Weights fitted
 * to each dataset are worse, because too few value ids are left out.
 */
const USUAL_SHARE = 0.5;
const MAX_ITERATIONS = 50;
/** The slope is kept near this one, as if by so many texts of each kind. */
const USUAL_SLOPE = 1;
const USUAL_TEXTS = 10;
/** Smaller deviations are noise, which must not be scaled up. */
const MIN_DEVIATION = 0.05;

/** @param profiles null where there are too many value ids for them */
export function unknownFeatures(scores: Scores, profiles: Profiles | null, scope: DistanceScope = {}): UnknownFeatures {
  const { columns, ids } = scope;
  const logits = logitsOf(scores, USUAL, columns ? undefined : ids);
  const best = argMax(logits);
  if (!profiles) return { distance: 0, logit: logits[best]! };
  const id = (columns ?? ids)?.[best] ?? best;
  return {
    distance: profileDistance(scores, profiles, scope),
    logit: logits[best]! - USUAL_SHARE * usualLogit(profiles, id),
  };
}

export function unknownLogOdds({ distance, logit, bias }: UnknownOdds, features: UnknownFeatures): number {
  return bias + distance * features.distance + logit * features.logit;
}

/** Held-out texts of known and of unknown authors, with the profiles that were made without each. */
export interface UnknownTexts {
  own: readonly HeldOut[];
  foreign: readonly HeldOut[];
  profilesFor: (text: HeldOut) => Profiles | null;
}

/**
 * Fits the odds to held-out texts, at least one of each kind. Both kinds have equal weight, whatever their numbers.
 */
export function fitUnknownOdds({ own, foreign, profilesFor }: UnknownTexts): UnknownOdds {
  const read = (text: HeldOut): UnknownFeatures =>
    unknownFeatures(text, profilesFor(text), { columns: text.columns, ids: text.columns });
  const [known, unknown] = [own.map(read), foreign.map(read)];
  const distance = spread(known.map((one) => one.distance));
  const logit = spread(known.map((one) => one.logit));
  const strangeness = (one: UnknownFeatures): number =>
    (one.distance - distance.mean) / distance.deviation - (one.logit - logit.mean) / logit.deviation;
  const { slope, bias } = fitSlope(unknown.map(strangeness), known.map(strangeness));
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

/** Fits the log odds of the positives, slope x + bias, by Newton's method. The loss is convex. */
function fitSlope(positives: readonly number[], negatives: readonly number[]): Line {
  const decay = USUAL_TEXTS / (positives.length + USUAL_TEXTS);
  const examples = [positives, negatives].flatMap((values, side) =>
    values.map((x) => ({ x, sign: 1 - 2 * side, weight: 0.5 / values.length })),
  );
  const lossOf = ({ slope, bias }: Line): number =>
    examples.reduce(
      (sum, { x, sign, weight }) => sum + weight * softplus(-sign * (slope * x + bias)),
      (decay * (slope - USUAL_SLOPE) ** 2) / 2,
    );
  let line: Line = { slope: USUAL_SLOPE, bias: 0 };
  let loss = lossOf(line);
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const step = newtonStep(examples, line, decay);
    let isBetter = false;
    for (let share = 1; share > 1e-6 && !isBetter; share /= 2) {
      const next = { slope: line.slope - share * step.slope, bias: line.bias - share * step.bias };
      const at = lossOf(next);
      isBetter = at < loss - 1e-12;
      if (isBetter) [line, loss] = [next, at];
    }
    if (!isBetter) break;
  }
  return { slope: Math.max(line.slope, 0), bias: line.bias };
}

interface Line {
  slope: number;
  bias: number;
}

function newtonStep(
  examples: readonly { x: number; sign: number; weight: number }[],
  { slope, bias }: Line,
  decay: number,
): Line {
  let [gx, g1, hxx, hx1, h11] = [decay * (slope - USUAL_SLOPE), 0, decay, 0, 0];
  for (const { x, sign, weight } of examples) {
    const wrong = 1 / (1 + Math.exp(sign * (slope * x + bias)));
    gx -= weight * sign * wrong * x;
    g1 -= weight * sign * wrong;
    const curvature = weight * Math.max(wrong * (1 - wrong), 1e-9);
    hxx += curvature * x * x;
    hx1 += curvature * x;
    h11 += curvature;
  }
  const determinant = hxx * h11 - hx1 * hx1;
  return { slope: (h11 * gx - hx1 * g1) / determinant, bias: (hxx * g1 - hx1 * gx) / determinant };
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
