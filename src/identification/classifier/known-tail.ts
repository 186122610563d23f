/**
 * How unlike the answers of a dataset a text is, by its share of known n-grams. Held-out answers of left-out value ids
 * cannot tell: they are by models as well, to the same questions. Texts by people, in other languages or without sense
 * have fewer known n-grams.
 */

/** The small shares of known n-grams among held-out texts of known authors. */
export interface KnownTail {
  /** Ascending. */
  shares: number[];
  /** [shares], how many of the texts have at most this share of known n-grams, as a share of the texts. */
  tails: number[];
}

const LEVELS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
/** How fast the tail falls below the smallest share. */
const POWER = 8;
/** Above this, the bound on the Bayes factor is below 1. */
const LARGEST_TAIL = 1 / Math.E;

/** @param known shares of known n-grams, at least one */
export function knownTail(known: readonly number[]): KnownTail {
  const sorted = [...known].sort((a, b) => a - b);
  const ranks = new Set(LEVELS.map((level) => Math.floor(level * sorted.length)));
  return {
    shares: Array.from(ranks, (rank) => sorted[rank]!),
    tails: Array.from(ranks, (rank) => (rank + 1) / (sorted.length + 1)),
  };
}

/**
 * Returns the logarithm of how much more likely an unlike text has so few known n-grams: the bound of Sellke, Bayarri
 * and Berger (2001), The American Statistician 55(1), for the share of known authors' texts that have so few.
 */
export function logUnlikeness({ shares, tails }: KnownTail, known: number): number {
  const p = tailOf(shares, tails, known);
  return p < LARGEST_TAIL ? -Math.log(-Math.E * p * Math.log(p)) : 0;
}

/** Interpolates the logarithm of the tail. */
function tailOf(shares: readonly number[], tails: readonly number[], known: number): number {
  const above = shares.findIndex((share) => share > known);
  if (above < 0) return 1;
  if (above === 0) return tails[0]! * Math.max(known / shares[0]!, 1e-3) ** POWER;
  const [low, high] = [shares[above - 1]!, shares[above]!];
  const between = (known - low) / (high - low);
  return Math.exp((1 - between) * Math.log(tails[above - 1]!) + between * Math.log(tails[above]!));
}
