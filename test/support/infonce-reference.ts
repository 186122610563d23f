import type { InfoNceInput } from '../../src/native/infonce.js';

/** Input of the loss, in single or double precision. */
type ReferenceInput = Omit<InfoNceInput, 'query' | 'key'> & Record<'query' | 'key', ArrayLike<number>>;

/**
 * Computes loss and gradients in double precision, directly from the definition (native/ops/infonce.h), one row at a
 * time.
 */
export function infoNceReference(input: ReferenceInput): { loss: number; dQuery: Float64Array; dKey: Float64Array } {
  const { query, key, dim, mode } = input;
  const rows = query.length / dim;
  const forward = oneDirection(query, key, input);
  if (mode !== 'symmetric' && mode !== 'masked-symmetric') return forward;
  const backward = oneDirection(key, query, input);
  return {
    loss: (forward.loss + backward.loss) / 2,
    dQuery: Float64Array.from({ length: rows * dim }, (_, i) => (forward.dQuery[i]! + backward.dKey[i]!) / 2),
    dKey: Float64Array.from({ length: rows * dim }, (_, i) => (forward.dKey[i]! + backward.dQuery[i]!) / 2),
  };
}

function oneDirection(x: ArrayLike<number>, y: ArrayLike<number>, { dim, logitScale, labels, mode }: ReferenceInput) {
  const rows = x.length / dim;
  const dQuery = new Float64Array(rows * dim);
  const dKey = new Float64Array(rows * dim);
  const z = new Float64Array(rows);
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) z[j] = logitScale * dot(x, i, y, j, dim);
    const same = (j: number): boolean => j === i || (labels !== undefined && labels[i] === labels[j]);
    const positive = (j: number): boolean => (mode === 'supervised' ? same(j) : j === i);
    const dropped = (j: number): boolean => (mode === 'masked' || mode === 'masked-symmetric') && j !== i && same(j);

    let max = -Infinity;
    let positives = 0;
    for (let j = 0; j < rows; j++) {
      if (!dropped(j)) max = Math.max(max, z[j]!);
      if (positive(j)) positives++;
    }
    let others = 0; // separate, because a small loss is log1p of it
    let own = 0;
    for (let j = 0; j < rows; j++) {
      if (positive(j)) own += Math.exp(z[j]! - max);
      else if (!dropped(j)) others += Math.exp(z[j]! - max);
    }
    for (let j = 0; j < rows; j++) if (positive(j)) loss -= (z[j]! - max) / positives / rows;
    loss += Math.log1p(others + (own - 1)) / rows;

    for (let j = 0; j < rows; j++) {
      if (dropped(j)) continue;
      let g = Math.exp(z[j]! - max) / (others + own);
      if (positive(j)) g = positives === 1 ? -others / (others + own) : g - 1 / positives;
      g *= logitScale / rows;
      for (let d = 0; d < dim; d++) {
        dQuery[i * dim + d]! += g * y[j * dim + d]!;
        dKey[j * dim + d]! += g * x[i * dim + d]!;
      }
    }
  }
  return { loss, dQuery, dKey };
}

function dot(x: ArrayLike<number>, i: number, y: ArrayLike<number>, j: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += x[i * dim + d]! * y[j * dim + d]!;
  return sum;
}

/** Rounds entries to bfloat16, nearest even. */
export function roundToBf16(x: Float32Array): Float32Array {
  const bits = new Uint32Array(x.slice().buffer);
  for (let i = 0; i < bits.length; i++) bits[i] = ((bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) & 0xffff0000) >>> 0;
  return new Float32Array(bits.buffer);
}
