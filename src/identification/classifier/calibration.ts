/** Calibration: turns the scores of a classifier and of a fitted encoder into probabilities. */
import { type KnownTail, knownTail } from './known-tail.js';
import { MAX_PROFILES, meanProfiles, type Profiles, profilesOf } from './profiles.js';
import { drawGroups, type HeldOut } from './scores.js';
import { fitScales, type Scales } from './softmax-scales.js';
import { fitUnknownOdds, type UnknownOdds } from './unknown-odds.js';

/** How scores of a number of texts become probabilities. */
export interface CalibrationStep {
  /** Number of texts of one author. */
  texts: number;
  scales: Scales;
  /** Log odds that the author is none of the value ids; null if that could not be calibrated. */
  unknown: UnknownOdds | null;
  /** Small shares of known n-grams; null without held-out texts. */
  known: KnownTail | null;
}

export interface Calibration {
  /** Ascending by the number of texts; the first has one. */
  steps: CalibrationStep[];
  /** Null with too many value ids, or if unknown authors could not be calibrated. */
  profiles: Profiles | null;
}

/** Numbers of texts that are calibrated. Others take the nearest smaller one. */
const TEXTS = [1, 3, 10];
/** A number of texts is calibrated if there are so many groups of them. */
const MIN_GROUPS = 30;
/** Draws of groups, so that few texts give enough of them. */
const ROUNDS = 4;

/**
 * Fits the scales of the scores, and the odds of unknown authors, to held-out texts.
 *
 * @param count number of value ids
 */
export function calibrate(texts: readonly HeldOut[], count: number, seed: number): Calibration {
  const steps: CalibrationStep[] = [];
  const profilesFor = profilesWithout(texts, count);
  for (const size of TEXTS) {
    const groups = size === 1 ? texts : drawGroups(texts, size, ROUNDS, seed);
    const own = groups.filter(({ label }) => label >= 0);
    if (size > 1 && own.length < MIN_GROUPS) break;
    const foreign = groups.filter(({ label }) => label < 0);
    // Several draws of a few texts would not tell more than the texts do.
    const isTold = size === 1 || steps[0]!.unknown !== null;
    const isEnough = isTold && own.length >= MIN_GROUPS && foreign.length >= MIN_GROUPS;
    const unknown = isEnough ? fitUnknownOdds({ own, foreign, profilesFor }) : (steps.at(-1)?.unknown ?? null);
    const known = own.length > 0 ? knownTail(own.map((text) => text.known)) : null;
    steps.push({ texts: size, scales: fitScales(own), unknown, known });
  }
  const hasProfiles = steps.some(({ unknown }) => unknown) && count <= MAX_PROFILES;
  return { steps, profiles: hasProfiles ? meanProfiles(texts, count) : null };
}

/** Returns the profiles that were made without the fold of a text, of the value ids that it was scored for. */
function profilesWithout(texts: readonly HeldOut[], count: number): (text: HeldOut) => Profiles | null {
  const byFold = new Map<number, Profiles>();
  return ({ fold, columns }) => {
    if (count > MAX_PROFILES) return null;
    let profiles = byFold.get(fold);
    if (!profiles) {
      const others = texts.filter((text) => text.fold !== fold);
      profiles = profilesOf(meanProfiles(others, count), columns);
      byFold.set(fold, profiles);
    }
    return profiles;
  };
}

/** Usual probabilities, without any of an unknown author. */
export const UNCALIBRATED: Calibration = calibrate([], 0, 0);

/** The step for a number of texts: the largest that is not larger. */
export function stepFor({ steps }: Calibration, texts: number): CalibrationStep {
  return steps.findLast((step) => step.texts <= texts) ?? steps[0]!;
}
