/**
 * Compares infoNce with its three oneDNN products X Y^T, G Y and G^T X at full size, with operands converted and packed
 * in advance and no other work. Both count as 6 B^2 D operations.
 */
import type { Benchmark, Revision } from '../../packages/bench-gate/src/benchmark.js';
import type { InfoNceInput } from '../../src/native/infonce.js';
import { roundToBf16 } from '../../test/support/infonce-reference.js';
import { randomUnitRows } from '../../test/support/random.js';
import { countWork, ONE_THREAD, openAddon, openEngine, openMatmul, TWO_THREADS } from '../support/engine.js';

export { environment } from '../support/engine.js';

const DIM = 768;
const LOGIT_SCALE = 50; // the published training runs

const cases = [
  { rows: 4096, only: 'run' },
  { rows: 8192, only: 'run' },
  { rows: 192, only: 'check' },
] as const;

export const benchmarks: Benchmark[] = cases.flatMap(({ rows, only }) =>
  (['f32', 'bf16'] as const).map((precision): Benchmark => {
    const gigaOperations = (6 * rows * rows * DIM) / 1e9;
    const makeInput = (): InfoNceInput => ({
      query: randomUnitRows(rows, DIM, 1),
      key: randomUnitRows(rows, DIM, 2),
      dim: DIM,
      logitScale: LOGIT_SCALE,
      mode: 'one-way',
      precision,
    });
    return {
      name: `infonce/one-way/${precision}/${rows}`,
      sizes: { B: rows, D: DIM },
      subject: 'infoNce',
      only,
      ...(only === 'check' ? { env: ONE_THREAD } : {}),
      ...(only === 'check' && precision === 'f32' ? { scaling: TWO_THREADS } : {}),
      work: { unit: 'GFLOP', subject: gigaOperations, peer: gigaOperations },
      target: 0.75,
      prepare: async (revision) => {
        const engine = await openEngine(revision);
        const input = makeInput();
        await check(input, revision);
        const run = () => engine.infoNce(input);
        return { run, counters: () => countWork(engine, run) };
      },
      peer: {
        name: `oneDNN ${precision} products`,
        prepare: async (revision) => ({ run: await products(makeInput(), revision), timesItself: true }),
      },
    };
  }),
);

async function products(
  { query, key, precision = 'f32' }: InfoNceInput,
  revision: Revision,
): Promise<() => Promise<number>> {
  const addon = await openAddon(revision);
  const rows = query.length / DIM;
  const square = new Float32Array(rows * rows);
  const coefficients = new Float32Array(rows * rows).fill(1 / rows);
  const gradient = new Float32Array(rows * DIM);
  const dots = { a: query, b: key, out: square, m: rows, n: rows, k: DIM, transposeB: true, precision };
  const toQuery = { a: coefficients, b: key, out: gradient, m: rows, n: DIM, k: rows, precision };
  const toKey = { ...toQuery, b: query, transposeA: true };
  return async () =>
    (await addon.matmulSeconds(dots)) + (await addon.matmulSeconds(toQuery)) + (await addon.matmulSeconds(toKey));
}

/**
 * Checks the loss and some rows of both gradients against a full matrix of float32 logits and a double-precision
 * softmax.
 */
async function check(input: InfoNceInput, revision: Revision): Promise<void> {
  const { infoNce } = await openEngine(revision);
  const matmul = await openMatmul(revision);
  const { dim, logitScale } = input;
  const rows = input.query.length / dim;
  const query = input.precision === 'bf16' ? roundToBf16(input.query) : input.query;
  const key = input.precision === 'bf16' ? roundToBf16(input.key) : input.key;
  const actual = await infoNce(input);
  const logits = await matmul(query, key, rows, rows, dim, { transposeB: true });
  const lse = new Float64Array(rows);
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const row = logits.subarray(i * rows, (i + 1) * rows);
    let sum = 0;
    for (const value of row) sum += Math.exp(logitScale * value);
    lse[i] = Math.log(sum);
    loss += (lse[i]! - logitScale * row[i]!) / rows;
  }
  const coefficient = (i: number, j: number): number =>
    (logitScale / rows) * (Math.exp(logitScale * logits[i * rows + j]! - lse[i]!) - (i === j ? 1 : 0));

  let worst = Math.abs(actual.loss - loss) / loss / 1e-5;
  const allowed = input.precision === 'bf16' ? 1e-3 : 2e-5;
  for (let r = 0; r < rows; r += rows >> 4) {
    const ofQuery = new Float64Array(dim);
    const ofKey = new Float64Array(dim);
    for (let other = 0; other < rows; other++) {
      const [g, h] = [coefficient(r, other), coefficient(other, r)];
      for (let d = 0; d < dim; d++) {
        ofQuery[d]! += g * key[other * dim + d]!;
        ofKey[d]! += h * query[other * dim + d]!;
      }
    }
    for (const [expected, all] of [
      [ofQuery, actual.dQuery],
      [ofKey, actual.dKey],
    ] as const) {
      const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expected.forEach(
        (value, d) => (worst = Math.max(worst, Math.abs(value - all[r * dim + d]!) / largest / allowed)),
      );
    }
  }
  if (!(worst <= 1))
    throw new Error(`infoNce is wrong: ${worst} times the tolerance at ${rows} rows, ${input.precision ?? 'f32'}`);
}
