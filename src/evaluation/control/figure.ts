import type { ClassificationResult } from '../classification.js';

/** Balanced accuracy with a 95 % interval; null if the tested answers have a single question. */
export interface Figure {
  balancedAccuracy: number;
  interval: { low: number; high: number } | null;
}

export function figureOf({ balancedAccuracy, intervals }: ClassificationResult): Figure {
  return { balancedAccuracy, interval: intervals?.balancedAccuracy ?? null };
}

/** Difference of two figures of different questions, which are independent. */
export function difference(a: Figure, b: Figure): Figure {
  const balancedAccuracy = a.balancedAccuracy - b.balancedAccuracy;
  if (!a.interval || !b.interval) return { balancedAccuracy, interval: null };
  const half = Math.hypot(a.interval.high - a.interval.low, b.interval.high - b.interval.low) / 2;
  return { balancedAccuracy, interval: { low: balancedAccuracy - half, high: balancedAccuracy + half } };
}
