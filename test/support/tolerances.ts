/**
 * Maximum errors against the double-precision reference by arithmetic, relative to the largest entry of the reference
 * tensor. Each has its reason.
 */
export const TOLERANCE = {
  /** A sum in double precision, rounded once: half a unit in the last place of float32 is 6e-8. */
  f64Sum: 1.2e-7,
  /** Float32 accumulation in oneDNN's blocked order over up to a few thousand terms. */
  f32Sum: 1e-5,
  /** Inner products with 8-bit codes in integers: the query has 16 bits, 2^-16 of its largest entry each. */
  wholeQuery: 5e-5,
  /** The same for squared distances: those that the rounding changes by more than half a percent are in float32. */
  wholeQuerySquared: 5e-3,
  /** Operands rounded to bfloat16 (8 bits: 2^-9 relative each), sums in float32. */
  bf16: 8e-3,
  /** Gradients of infoNce: the error of a float32 dot product near 1 (about 1e-7) times a logit scale up to 100. */
  infoNceF32: 2e-5,
  /** Gradients of infoNce from bf16 inputs, against double precision on the same rounded inputs. */
  infoNceBf16: 1e-3,
} as const;

/** Returns max |actual - expected| / max |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= difference)) difference = Number.isNaN(error) ? Infinity : error;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / Math.max(largest, Number.MIN_VALUE);
}

/** Returns the cosine of the angle between two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
    ab += a[i]! * b[i]!;
  }
  return a.length === b.length ? ab / Math.sqrt(aa * bb) : NaN;
}
