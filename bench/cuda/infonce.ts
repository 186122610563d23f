/**
 * Compares infoNce of one large batch in bf16, without negatives of the same value id, with PyTorch, which holds the
 * full matrix of logits several times. Measures from arrays on the host to loss and gradients on the host, and without
 * these copies. Both count as 6 B^2 D operations.
 */
import type { Benchmark, Peer, Revision, Subject } from '../../packages/bench-gate/src/benchmark.js';
import type { InfoNceInput, InfoNceResult } from '../../src/native/infonce.js';
import { roundToBf16 } from '../../test/support/infonce-reference.js';
import { randomUnitRows } from '../../test/support/random.js';
import { openAddon, openEngine } from '../support/engine.js';
import { wantedSize } from './sizes.js';
import { TORCH, type TorchMode, type TorchOptions, TorchPeer } from './torch-peer.js';

export { environment } from '../support/engine.js';

const LOGIT_SCALE = 50; // the published training runs
const VALUE_IDS = 375; // 15 models in 25 languages
/**
 * Largest differences of gradients, relative to their largest entry: our bf16; PyTorch, which also rounds logits to it.
 */
const TOLERANCE = { ours: 1e-3, torch: 3e-2 };

interface TorchResults {
  loss: number;
  /** Gradients of the sampled rows. */
  dQuery: number[][];
  dKey: number[][];
}
interface Batch {
  rows: number;
  dim: number;
}

const size = wantedSize<Batch>({ full: { rows: 65_536, dim: 768 }, small: { rows: 512, dim: 256 } });

export const benchmarks: Benchmark[] = infoNceBeside(TORCH === undefined ? undefined : 'eager');

/** Returns no benchmarks unless they are requested. */
export function infoNceBeside(how: TorchMode | undefined): Benchmark[] {
  return size === undefined
    ? []
    : [infoNceBenchmark(size, { how }), infoNceBenchmark(size, { how, withoutCopies: true })];
}

/** @param options.withoutCopies excludes the copies from and to the host */
export function infoNceBenchmark(
  { rows, dim }: Batch,
  options: { how?: TorchMode | undefined; withoutCopies?: boolean; rounds?: number },
): Benchmark {
  const { how, withoutCopies = false } = options;
  let made: InfoNceInput | undefined;
  const input = (): InfoNceInput => (made ??= makeInput(rows, dim));
  const sample = Array.from({ length: 8 }, (_, i) => (i * rows) / 8 + i);
  const gigaOperations = (6 * rows * rows * dim) / 1e9;
  return {
    name: [
      'cuda/infonce/masked/bf16',
      rows,
      ...(withoutCopies ? ['without-copies'] : []),
      ...(how === undefined ? [] : [how]),
    ].join('/'),
    sizes: { B: rows, D: dim },
    subject: 'infoNce',
    only: 'run',
    work: { unit: 'GFLOP', subject: gigaOperations, peer: gigaOperations },
    ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
    prepare: async (revision) => {
      const { infoNce } = await openEngine(revision);
      checkQueries(await infoNce(input()), input(), sample);
      return withoutCopies
        ? { run: await secondsOfDevice(revision, input()), timesItself: true }
        : { run: () => infoNce(input()) };
    },
    ...(how && { peer: inTorch(input, { how, withoutCopies, sample }) }),
  };
}

function inTorch(
  input: () => InfoNceInput,
  { how, withoutCopies, sample }: { how: TorchMode; withoutCopies: boolean; sample: readonly number[] },
): Peer {
  return {
    name: `PyTorch ${TORCH!} ${how}`,
    prepare: async (revision): Promise<Subject> => {
      const { query, key, dim } = input();
      const settings: TorchOptions = {
        operation: 'infoNce',
        logitScale: LOGIT_SCALE,
        valueIds: VALUE_IDS,
        compiled: how === 'compiled',
        dim,
        sample,
        withoutCopies,
      };
      const peer = await TorchPeer.start<TorchResults>(settings, { query, key });
      checkAgreement(await (await openEngine(revision)).infoNce(input()), peer.results, sample, dim);
      return peer;
    },
  };
}

function makeInput(rows: number, dim: number): InfoNceInput {
  const labels = Int32Array.from({ length: rows }, (_, i) => i % VALUE_IDS);
  return {
    query: randomUnitRows(rows, dim, 1),
    key: randomUnitRows(rows, dim, 2),
    labels,
    dim,
    logitScale: LOGIT_SCALE,
    mode: 'masked',
    precision: 'bf16',
  };
}

async function secondsOfDevice(
  revision: Revision,
  { query, key, labels, dim }: InfoNceInput,
): Promise<() => Promise<number>> {
  const addon = await openAddon(revision);
  const rows = query.length / dim;
  const [dQuery, dKey] = [new Float32Array(rows * dim), new Float32Array(rows * dim)];
  const sizes = { rows, dim, logitScale: LOGIT_SCALE, mode: 'masked', precision: 'bf16' } as const;
  return () => addon.infoNceSeconds({ query, key, labels, dQuery, dKey, ...sizes });
}

/** Compares some rows of dQuery with double precision, which needs one row of logits for each. */
function checkQueries({ dQuery }: InfoNceResult, input: InfoNceInput, sample: readonly number[]): void {
  const { dim, labels } = input;
  const rows = input.query.length / dim;
  const [query, key] = [roundToBf16(input.query), roundToBf16(input.key)];
  for (const row of sample) {
    const weights = Float64Array.from({ length: rows }, (_, other) => {
      if (other !== row && labels![other] === labels![row]) return 0;
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += query[row * dim + d]! * key[other * dim + d]!;
      return Math.exp(LOGIT_SCALE * dot);
    });
    const sum = weights.reduce((all, weight) => all + weight, 0);
    const expected = new Float64Array(dim);
    weights.forEach((weight, other) => {
      const coefficient = (LOGIT_SCALE / rows) * (weight / sum - (other === row ? 1 : 0));
      for (let d = 0; d < dim; d++) expected[d]! += coefficient * key[other * dim + d]!;
    });
    expectClose(dQuery.subarray(row * dim, (row + 1) * dim), expected, TOLERANCE.ours, `dQuery row ${row}`);
  }
}

function checkAgreement(ours: InfoNceResult, torch: TorchResults, sample: readonly number[], dim: number): void {
  if (!(Math.abs(ours.loss / torch.loss - 1) < TOLERANCE.torch))
    throw new Error(`The loss is ${ours.loss}, PyTorch's is ${torch.loss}`);
  for (const side of ['dQuery', 'dKey'] as const) {
    sample.forEach((row, i) =>
      expectClose(
        ours[side].subarray(row * dim, (row + 1) * dim),
        torch[side][i]!,
        TOLERANCE.torch,
        `${side} row ${row} compared with PyTorch`,
      ),
    );
  }
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const values = Array.from(expected);
  const largest = Math.max(...values.map(Math.abs));
  const worst = Math.max(...values.map((value, d) => Math.abs(value - actual[d]!))) / largest;
  if (!(worst <= tolerance)) throw new Error(`${what} is wrong by ${worst} of its largest entry`);
}
