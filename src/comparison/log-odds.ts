/**
 * Log-odds ratio of a phrase with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
 * equations 15 to 22). With counts y and totals n of two sides, and a prior of size a0 in which every phrase has the
 * share that it has on both sides together, a = a0 (yA + yB) / (nA + nB):
 *
 *     delta    = log((yA + a) / (nA + a0 - yA - a)) - log((yB + a) / (nB + a0 - yB - a))
 *     variance = 1 / (yA + a) + 1 / (yB + a)
 */
export interface LogOddsInput {
  /** Count of the phrase on each side. */
  counts: readonly [number, number];
  /** Count of all phrases on each side. */
  totals: readonly [number, number];
  /** Size of the prior in phrases. */
  prior: number;
}

export interface LogOdds {
  /** Above 0 if the phrase marks side A. */
  logOdds: number;
  /** `logOdds` divided by its standard deviation. */
  z: number;
}

export function logOdds({ counts: [yA, yB], totals: [nA, nB], prior }: LogOddsInput): LogOdds {
  const a = (prior * (yA + yB)) / (nA + nB);
  const ratio = (y: number, n: number): number => Math.log((y + a) / (n + prior - y - a));
  const delta = ratio(yA, nA) - ratio(yB, nB);
  return { logOdds: delta, z: delta / Math.sqrt(1 / (yA + a) + 1 / (yB + a)) };
}
