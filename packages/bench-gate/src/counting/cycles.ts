/**
 * Estimates cycles from simulated caches: a cache miss pattern costs time, but hardly any instructions. Two processes
 * of the same build agree to 1 %, but another build has other addresses, so an estimate never fails a check by itself.
 */

/** Cycles of a miss of the first cache, and of the last, as KCachegrind counts them. */
const FIRST_MISS = 10;
const LAST_MISS = 100;

/** Growth from which counted instructions do not decide what time cannot, as a share. */
export const CYCLE_LIMIT = 0.05;

/** @param totals Callgrind's events of `--cache-sim=yes`: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw */
export function estimatedCycles(totals: readonly number[]): number {
  const sum = (from: number, to: number): number => totals.slice(from, to).reduce((a, b) => a + b, 0);
  return totals[0]! + FIRST_MISS * sum(3, 6) + LAST_MISS * sum(6, 9);
}
