/**
 * Measures opened indexes in turns: in every round, each engine runs each setting once. A disturbance then hits all
 * engines, and the median over the rounds leaves it out.
 */
import { median, quantile } from '../../packages/bench-gate/src/timing/statistics.js';
import type { LookupData } from './data.js';
import { candidatesOf } from './kinds.js';
import { recallOf } from './recall.js';
import type { CurvePoint } from './report.js';
import type { Searcher } from './searcher.js';

/** Above the highest recall that is reported, so that a curve encloses it. */
const ENOUGH_RECALL = 0.995;
/** Labels that are mixed up have about none. */
const LEAST_RECALL = 0.5;
/** Largest error of an inner product of unit vectors with entries of 16 bits. */
const HALF_PRECISION = 1e-3;
/** Queries in a batch can meet other candidates than alone, but hardly. */
const BATCH_TOLERANCE = 0.002;

const FIGURES = ['p50Ms', 'p99Ms', 'meanMs', 'perSecond1', 'perSecond2', 'cpuMsAlone', 'cpuMsTogether'] as const;

/** Those of `search`, which only ours have. */
const AWAITED_FIGURES = ['awaitedMs', 'cpuMsAwaited'] as const;

type Trial = Pick<CurvePoint, (typeof FIGURES)[number] | (typeof AWAITED_FIGURES)[number]>;

/** A search setting of one engine, with a trial of each round. */
interface Entry {
  setting: number;
  recall: number;
  trials: Trial[];
}

/** The curve of one engine for one k. */
interface Series {
  searcher: Searcher;
  k: number;
  entries: Entry[];
}

export class Rounds {
  readonly #series: Series[];
  #done = 0;

  constructor(
    searchers: readonly Searcher[],
    ks: readonly number[],
    private readonly data: LookupData,
  ) {
    this.#series = ks.flatMap((k) => searchers.map((searcher) => ({ searcher, k, entries: entriesOf(searcher, k) })));
  }

  get done(): number {
    return this.#done;
  }

  /** Runs one round. The first one checks all labels, and leaves out settings beyond those that have enough recall. */
  async run(): Promise<void> {
    const longest = Math.max(...this.#series.map(({ entries }) => entries.length));
    const first = this.#done % this.#series.length;
    const order = [...this.#series.slice(first), ...this.#series.slice(0, first)];
    for (let i = 0; i < longest; i++) {
      for (const series of order) {
        const entry = series.entries[i];
        if (!entry) continue;
        entry.trials.push(await this.#measure(series, entry));
        if (entry.recall >= ENOUGH_RECALL) series.entries.length = i + 1;
      }
    }
    for (const { searcher, entries } of this.#series) {
      const best = Math.max(...entries.map(({ recall }) => recall));
      if (best < LEAST_RECALL) throw new Error(`${searcher.kind.name} finds ${best} of the rows: labels are mixed up`);
    }
    this.#done++;
  }

  curveOf(searcher: Searcher): CurvePoint[] {
    return this.#series
      .filter((series) => series.searcher === searcher)
      .flatMap(({ k, entries }) =>
        entries.map(({ setting, recall, trials }) => {
          const medians = [...FIGURES, ...AWAITED_FIGURES].map((figure) => {
            const values = trials.map((trial) => trial[figure]).filter((value) => value !== null);
            return [figure, values.length > 0 ? median(values) : null];
          });
          return { k, setting, recall, ...(Object.fromEntries(medians) as Trial) };
        }),
      );
  }

  async #measure({ searcher, k }: Series, entry: Entry): Promise<Trial> {
    const { setting } = entry;
    const count = this.data.queries.length / this.data.dim;
    const single = await searcher.search({ mode: 'single', k, setting, threads: 1 });
    const awaited =
      searcher.kind.engine === 'univar' ? await searcher.search({ mode: 'awaited', k, setting, threads: 1 }) : null;
    const batch1 = await searcher.search({ mode: 'batch', k, setting, threads: 1 });
    const batch2 = await searcher.search({ mode: 'batch', k, setting, threads: 2 });
    if (this.#done === 0) {
      const [alone, ...together] = [single, batch1, batch2].map(({ labels }) => this.#recallOf(searcher, k, labels));
      entry.recall = alone!;
      if (together.some((recall) => Math.abs(recall - alone!) > BATCH_TOLERANCE))
        throw new Error(`${searcher.kind.name} finds ${alone} one at a time, but ${together.join(', ')} in batches`);
    }
    const ms = single.seconds.map((seconds) => 1000 * seconds);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      p50Ms: quantile(ms, 0.5),
      p99Ms: quantile(ms, 0.99),
      meanMs: mean(ms),
      perSecond1: count / batch1.seconds[0]!,
      perSecond2: count / batch2.seconds[0]!,
      cpuMsAlone: (1000 * single.cpu) / count,
      cpuMsTogether: (1000 * batch1.cpu) / count,
      awaitedMs: awaited && 1000 * mean(awaited.seconds),
      cpuMsAwaited: awaited && (1000 * awaited.cpu) / count,
    };
  }

  #recallOf(searcher: Searcher, k: number, labels: Int32Array): number {
    const { name, engine, factory } = searcher.kind;
    // usearch ranks by its codes.
    const disorder = engine === 'usearch' ? Infinity : factory.includes('fp16') ? HALF_PRECISION : 0;
    return recallOf(labels, k, this.data, { name, disorder });
  }
}

/** A graph finds at least the neighbours or the rows to re-rank, so smaller settings are the same. */
function entriesOf({ kind }: Searcher, k: number): Entry[] {
  const least = kind.parameter === 'efSearch' ? candidatesOf(kind, k) : 0;
  return kind.settings
    .map((setting) => Math.max(setting, least))
    .filter((setting, i, all) => setting !== all[i + 1])
    .map((setting) => ({ setting, recall: 0, trials: [] }));
}
