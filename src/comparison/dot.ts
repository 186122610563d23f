type Vector = Float32Array | Float64Array;

/** Returns the inner product of two vectors of the same length, in double precision. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
