/** Factors that turn scores into logits, so that their softmax gives the probabilities of the value ids. */
import type { Scores } from './scores.js';

/** Scores of a text, and the position of its value id among them. */
type LabelledScores = Scores & { label: number };

export interface Scales {
  /** Factor of the decision values. */
  decision: number;
  /** Factor of the similarities. */
  similarity: number;
}

/** Factors that few texts hardly change, near those of several sources. They count like so many texts. */
export const USUAL_SCALES: Scales = { decision: 1.3, similarity: 4 };
const USUAL_TEXTS = 10;
const SMALLEST = 0.05;
const MAX_ITERATIONS = 50;

export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Logits of the value ids at the given positions, or of all. */
export function logitsOf({ decisions, similarities }: Scores, scales: Scales, positions?: readonly number[]): number[] {
  const logit = (i: number): number => scales.decision * decisions[i]! + scales.similarity * similarities[i]!;
  return positions ? positions.map(logit) : Array.from(decisions, (_, i) => logit(i));
}

/**
 * Finds the factors with the smallest log loss (Platt 1999, with a softmax) by Newton's method. The loss is convex in
 * them.
 */
export function fitScales(texts: readonly LabelledScores[]): Scales {
  let scales = USUAL_SCALES;
  let { loss, gradient, hessian } = lossAt(texts, scales);
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const [aa, ab, bb] = hessian;
    const determinant = aa * bb - ab * ab;
    const step = [
      (bb * gradient[0] - ab * gradient[1]) / determinant,
      (aa * gradient[1] - ab * gradient[0]) / determinant,
    ] as const;
    let moved = false;
    for (let share = 1; share > 1e-6 && !moved; share /= 2) {
      const next = {
        decision: Math.max(SMALLEST, scales.decision - share * step[0]),
        similarity: Math.max(SMALLEST, scales.similarity - share * step[1]),
      };
      const at = lossAt(texts, next);
      if (at.loss >= loss - 1e-9 * Math.abs(loss)) continue;
      moved = true;
      scales = next;
      ({ loss, gradient, hessian } = at);
    }
    if (!moved) break;
  }
  return scales;
}

/** Log loss with its first and second derivatives. */
function lossAt(texts: readonly LabelledScores[], scales: Scales) {
  const away = [scales.decision / USUAL_SCALES.decision - 1, scales.similarity / USUAL_SCALES.similarity - 1] as const;
  const weights = [USUAL_TEXTS / USUAL_SCALES.decision, USUAL_TEXTS / USUAL_SCALES.similarity] as const;
  let loss = (USUAL_TEXTS * (away[0] ** 2 + away[1] ** 2)) / 2;
  const gradient: [number, number] = [weights[0] * away[0], weights[1] * away[1]];
  const hessian: [number, number, number] = [
    weights[0] / USUAL_SCALES.decision,
    0,
    weights[1] / USUAL_SCALES.similarity,
  ];
  for (const scores of texts) {
    const { decisions, similarities, label } = scores;
    const p = softmax(logitsOf(scores, scales));
    loss -= Math.log(Math.max(p[label]!, Number.MIN_VALUE));
    let [meanD, meanS, dd, ds, ss] = [0, 0, 0, 0, 0];
    p.forEach((share, i) => {
      const [d, s] = [decisions[i]!, similarities[i]!];
      meanD += share * d;
      meanS += share * s;
      dd += share * d * d;
      ds += share * d * s;
      ss += share * s * s;
    });
    gradient[0] += meanD - decisions[label]!;
    gradient[1] += meanS - similarities[label]!;
    hessian[0] += dd - meanD * meanD;
    hessian[1] += ds - meanD * meanS;
    hessian[2] += ss - meanS * meanS;
  }
  return { loss, gradient, hessian };
}
