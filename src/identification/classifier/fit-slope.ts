/** Logistic regression on one value. */

const MAX_ITERATIONS = 50;
/** The slope is kept near this one, as if by so many values of each kind. */
const USUAL_SLOPE = 1;
const USUAL_VALUES = 10;

/** Log odds = slope x + bias. */
export interface Line {
  slope: number;
  bias: number;
}

/**
 * Fits the log odds of the positives by Newton's method with a line search, because full steps overshoot. Both kinds
 * have equal weight, whatever their numbers.
 *
 * @param positives at least one value, and of `negatives` as well
 */
export function fitSlope(positives: readonly number[], negatives: readonly number[]): Line {
  const decay = USUAL_VALUES / (positives.length + USUAL_VALUES);
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
  return line;
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
