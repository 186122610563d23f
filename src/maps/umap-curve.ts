/** Parameters of 1 / (1 + a d^(2b)), the similarity of two rows at distance d in a layout. */
export interface UmapCurve {
  a: number;
  b: number;
}

const SAMPLES = 300;
const REACH = 3;
const MAX_STEPS = 200;
const SMALLEST_STEP = 1e-12;

/**
 * Fits the curve by least squares to 1 up to `minDistance` and exp(-(d - minDistance)) beyond (McInnes, Healy, Melville
 * 2018, section 3.2; the reference implementation fits the same points). Uses Gauss-Newton with step halving.
 *
 * @param minDistance from 0 to 1
 */
export function fitCurve(minDistance: number): UmapCurve {
  const points = Array.from({ length: SAMPLES }, (_, i) => {
    const d = (REACH * i) / (SAMPLES - 1);
    return { d, target: d < minDistance ? 1 : Math.exp(minDistance - d) };
  }).slice(1); // the curve is 1 at 0 for all a and b
  let curve: UmapCurve = { a: 1, b: 1 };
  let error = squaredError(points, curve);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { a, b } = direction(points, curve);
    let share = 1;
    let next = { a: curve.a + a, b: curve.b + b };
    while (share > SMALLEST_STEP && !(next.a > 0 && next.b > 0 && squaredError(points, next) < error)) {
      share /= 2;
      next = { a: curve.a + share * a, b: curve.b + share * b };
    }
    if (share <= SMALLEST_STEP) break;
    curve = next;
    error = squaredError(points, curve);
  }
  return curve;
}

type Points = readonly { d: number; target: number }[];

function squaredError(points: Points, { a, b }: UmapCurve): number {
  return points.reduce((sum, { d, target }) => sum + (1 / (1 + a * d ** (2 * b)) - target) ** 2, 0);
}

/** Solves the normal equations of the linearised curve. */
function direction(points: Points, { a, b }: UmapCurve): UmapCurve {
  let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
  for (const { d, target } of points) {
    const power = d ** (2 * b);
    const value = 1 / (1 + a * power);
    const byA = -power * value * value;
    const byB = 2 * a * Math.log(d) * byA;
    aa += byA * byA;
    ab += byA * byB;
    bb += byB * byB;
    ra += byA * (target - value);
    rb += byB * (target - value);
  }
  const determinant = aa * bb - ab * ab;
  return { a: (ra * bb - rb * ab) / determinant, b: (rb * aa - ra * ab) / determinant };
}
