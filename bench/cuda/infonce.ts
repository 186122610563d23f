/**
 * infoNce of one large batch in bf16 beside eager PyTorch; both from arrays of the host to loss and gradients on the
 * host. Both count as 6 B^2 D operations. PyTorch holds the whole matrix of logits, several times.
 */
import type { Benchmark } from '../../src/benchmarking/benchmark.js';
import type { InfoNceInput, InfoNceResult } from '../../src/native/infonce.js';
import { roundToBf16 } from '../../test/support/infonce-reference.js';
import { randomUnitRows } from '../../test/support/random.js';
import { openEngine } from '../support/engine.js';
import { wantedSize } from './sizes.js';
import { TORCH, TorchPeer } from './torch-peer.js';

export { environment } from '../support/engine.js';

const LOGIT_SCALE = 50; // the published training runs
/** Largest differences of gradients, relative to their largest entry: our bf16; PyTorch, which also rounds logits to it. */
const TOLERANCE = { ours: 1e-3, torch: 3e-2 };

interface TorchResults {
  loss: number;
  /** Of the sampled rows. */
  dQuery: number[][];
  dKey: number[][];
}

const size = wantedSize({ full: { rows: 65_536, dim: 768 }, small: { rows: 512, dim: 256 } });

export const benchmarks: Benchmark[] = infoNceBeside(TORCH === undefined ? undefined : 'eager');

/** Nothing where these benchmarks are not asked for. */
export function infoNceBeside(how: 'eager' | 'compiled' | undefined): Benchmark[] {
  return size === undefined ? [] : [benchmark(size.rows, size.dim, how)];
}

function benchmark(rows: number, dim: number, how: 'eager' | 'compiled' | undefined): Benchmark {
  let made: InfoNceInput | undefined;
  const input = (): InfoNceInput =>
    (made ??= { query: randomUnitRows(rows, dim, 1), key: randomUnitRows(rows, dim, 2), rows, dim, logitScale: LOGIT_SCALE, mode: 'one-way', precision: 'bf16' });
  const sample = Array.from({ length: 8 }, (_, i) => (i * rows) / 8 + i);
  const gigaOperations = (6 * rows * rows * dim) / 1e9;
  return {
    name: ['cuda/infonce/one-way/bf16', rows, ...(how === undefined ? [] : [how])].join('/'),
    sizes: { B: rows, D: dim },
    subject: 'infoNce',
    only: 'run',
    work: { unit: 'GFLOP', subject: gigaOperations, peer: gigaOperations },
    prepare: async (revision) => {
      const { infoNce } = await openEngine(revision);
      checkQueries(await infoNce(input()), input(), sample);
      return { run: () => infoNce(input()) };
    },
    ...(how === undefined
      ? {}
      : {
          peer: {
            name: `PyTorch ${TORCH!} ${how}`,
            prepare: async (_, subject) => {
              const { query, key } = input();
              const options = { operation: 'infoNce', logitScale: LOGIT_SCALE, compiled: how === 'compiled', sample };
              const peer = await TorchPeer.start<TorchResults>(options, dim, { query, key });
              checkAgreement((await subject.run()) as InfoNceResult, peer.results, sample, dim);
              return peer;
            },
          },
        }),
  };
}

/** Some rows of dQuery against double precision, which needs a row of logits each. */
function checkQueries({ dQuery }: InfoNceResult, input: InfoNceInput, sample: readonly number[]): void {
  const { rows, dim } = input;
  const [query, key] = [roundToBf16(input.query), roundToBf16(input.key)];
  for (const row of sample) {
    const logits = Float64Array.from({ length: rows }, (_, other) => {
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += query[row * dim + d]! * key[other * dim + d]!;
      return LOGIT_SCALE * dot;
    });
    const sum = logits.reduce((all, logit) => all + Math.exp(logit), 0);
    const expected = new Float64Array(dim);
    logits.forEach((logit, other) => {
      const coefficient = (LOGIT_SCALE / rows) * (Math.exp(logit) / sum - (other === row ? 1 : 0));
      for (let d = 0; d < dim; d++) expected[d]! += coefficient * key[other * dim + d]!;
    });
    expectClose(dQuery.subarray(row * dim, (row + 1) * dim), expected, TOLERANCE.ours, `dQuery row ${row}`);
  }
}

function checkAgreement(ours: InfoNceResult, torch: TorchResults, sample: readonly number[], dim: number): void {
  if (!(Math.abs(ours.loss / torch.loss - 1) < TOLERANCE.torch)) throw new Error(`The loss is ${ours.loss}, PyTorch's is ${torch.loss}`);
  for (const side of ['dQuery', 'dKey'] as const) {
    sample.forEach((row, i) => expectClose(ours[side].subarray(row * dim, (row + 1) * dim), torch[side][i]!, TOLERANCE.torch, `${side} row ${row} beside PyTorch`));
  }
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const values = Array.from(expected);
  const largest = Math.max(...values.map(Math.abs));
  const worst = Math.max(...values.map((value, d) => Math.abs(value - actual[d]!))) / largest;
  if (!(worst <= tolerance)) throw new Error(`${what} is wrong by ${worst} of its largest entry`);
}
