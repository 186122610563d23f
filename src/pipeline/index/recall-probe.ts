import { allocateFloat32 } from '../../core/allocate.js';
import { SeededRandom } from '../../core/random.js';
import type { EmbeddingShards } from '../../datasets/embedding-shards.js';
import type { ShardReader } from '../../datasets/shards/shard-reader.js';
import { type SearchEffort, searchEffort } from '../../identification/searchable-index.js';
import type { IndexMetric } from '../../native/metrics.js';
import type { SearchResult } from '../../native/search-result.js';
import { similarityTopK } from '../../native/top-k.js';
import type { MeasuredRecall } from '../../search/measured-recall.js';
import { mergeResults } from '../../search/merge-results.js';
import type { VectorIndex } from '../../search/vector-index.js';

export interface RecallProbeOptions {
  /** Number of nearest rows, less than all. */
  k: number;
  metric: IndexMetric;
  /** Rows to search for. @default 1000, or all if there are fewer */
  sample?: number | undefined;
  signal?: AbortSignal | undefined;
}

const SAMPLE = 1000;
const SEED = 2311;
/** Rows that are compared with the sample in one step. */
const BATCH_ROWS = 16_384;
/** One-sided quantile of the normal distribution for 95 %. */
const CONFIDENCE = 1.645;
/** Neighbours that a graph misses for a new vector, for each that it misses for one of its rows (docs/search.md). */
const MISSED_WHEN_NEW = 2.5;

/**
 * Measures which share of the true nearest rows an index finds.
 *
 * A random sample of the dataset is searched for. Each row is left out of its own neighbours, in the index and in the
 * exact search, because it would always find itself. A found row counts if it is as near as the k-th true neighbour: of
 * many equal rows, an index and an exact search may choose different ones.
 */
export class RecallProbe {
  /** For each sampled row, whether rows that were met so far are among its nearest. */
  readonly #isNear: Map<number, boolean>[];

  private constructor(
    private readonly source: EmbeddingShards,
    private readonly metric: IndexMetric,
    private readonly k: number,
    /** The sampled rows, ascending. */
    readonly rows: Int32Array,
    /** [rows.length, dim]. */
    private readonly queries: Float32Array,
    /** Exact distance of the k-th neighbour of each sampled row. */
    private readonly limits: Float64Array,
    truth: Int32Array,
  ) {
    this.#isNear = Array.from(rows, (_, i) => {
      const near = truth.subarray(i * k, (i + 1) * k);
      return new Map(Array.from(near, (row) => [row, true]));
    });
  }

  /**
   * Samples rows and compares them with all rows of the dataset.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_OUT_OF_MEMORY`, `ERR_ABORTED`
   */
  static async create(source: EmbeddingShards, options: RecallProbeOptions): Promise<RecallProbe> {
    const { k, metric, sample = SAMPLE, signal } = options;
    const rows = sampleRows(source.rows, sample);
    const reader = source.openEmbeddings();
    try {
      const queries = await readRows(reader, rows, source.dim);
      const found = await exactNeighbours(source, queries, k + 1, metric, signal);
      const truth = withoutThemselves(found, rows, k);
      const last = rows.map((_, i) => truth[(i + 1) * k - 1]!);
      const lastVectors = await readRows(reader, last, source.dim);
      const limits = Float64Array.from(rows, (_, i) => distance(queries, i, lastVectors, i, source.dim, metric));
      return new RecallProbe(source, metric, k, rows, queries, limits, truth);
    } finally {
      await reader.close();
    }
  }

  /** Searches the index, which holds all rows of the dataset, for the sampled rows. */
  async measure(index: VectorIndex, effort: SearchEffort, signal?: AbortSignal): Promise<MeasuredRecall> {
    const { k, rows, queries } = this;
    const found = await index.search(queries, {
      k: k + 1,
      ...searchEffort(index.factory, effort, { k }),
      ...(signal && { signal }),
    });
    const labels = withoutThemselves(found, rows, k);
    await this.#judge(labels);
    const shares = Array.from(rows, (_, i) => {
      const near = this.#isNear[i]!;
      return labels.subarray(i * k, (i + 1) * k).filter((label) => near.get(label) === true).length / k;
    });
    const share = mean(shares);
    const deviation = Math.sqrt(mean(shares.map((value) => (value - share) ** 2)));
    const missed = 1 - share + (CONFIDENCE * deviation) / Math.sqrt(shares.length);
    const atLeast = Math.max(0, 1 - missed * (index.factory.includes('HNSW') ? MISSED_WHEN_NEW : 1));
    return { k, share, atLeast, sample: rows.length };
  }

  /** Compares found rows that were not met before with the row that they were found for. */
  async #judge(labels: Int32Array): Promise<void> {
    const { k, source, queries, metric, limits } = this;
    const met: { query: number; row: number }[] = [];
    labels.forEach((row, i) => {
      const query = Math.floor(i / k);
      if (row >= 0 && !this.#isNear[query]!.has(row)) met.push({ query, row });
    });
    met.sort((a, b) => a.row - b.row); // reads forwards through the files
    const reader = source.openEmbeddings();
    try {
      for (let begin = 0; begin < met.length; begin += SAMPLE) {
        const group = met.slice(begin, begin + SAMPLE);
        const vectors = await readRows(
          reader,
          Int32Array.from(group, ({ row }) => row),
          source.dim,
        );
        group.forEach(({ query, row }, i) => {
          const measured = distance(queries, query, vectors, i, source.dim, metric);
          const isNear = metric === 'ip' ? measured >= limits[query]! : measured <= limits[query]!;
          this.#isNear[query]!.set(row, isNear);
        });
      }
    } finally {
      await reader.close();
    }
  }
}

/** Draws distinct rows, ascending. They are drawn at random, because datasets are often sorted by model. */
function sampleRows(rows: number, count: number): Int32Array {
  if (count >= rows) return Int32Array.from({ length: rows }, (_, row) => row);
  const random = new SeededRandom(SEED);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(rows));
  return Int32Array.from(drawn).sort();
}

async function readRows(reader: ShardReader, rows: Int32Array, dim: number): Promise<Float32Array> {
  const vectors = allocateFloat32(rows.length * dim, 'the sampled rows');
  for (const [i, row] of rows.entries()) await reader.read(row, vectors.subarray(i * dim, (i + 1) * dim));
  return vectors;
}

/** Searches exactly, one batch of rows in memory at a time. */
async function exactNeighbours(
  source: EmbeddingShards,
  queries: Float32Array,
  k: number,
  metric: IndexMetric,
  signal: AbortSignal | undefined,
): Promise<SearchResult> {
  const { dim } = source;
  let best: SearchResult | undefined;
  let first = 0;
  for await (const base of source.embeddingBatches(BATCH_ROWS)) {
    const rows = base.length / dim;
    const found = await similarityTopK({ queries, base, dim, k: Math.min(k, rows), metric, signal });
    const shifted = { ...found, labels: found.labels.map((label) => label + first) };
    first += rows;
    best = best ? mergeResults([best, shifted], Math.min(k, first), metric) : shifted;
  }
  return best!;
}

/** Removes every searched row from its own neighbours, or the last neighbour if it is not among them. */
function withoutThemselves({ labels, k: found }: SearchResult, rows: Int32Array, k: number): Int32Array {
  const others = new Int32Array(rows.length * k);
  rows.forEach((row, i) => {
    const all = labels.subarray(i * found, (i + 1) * found);
    others.set(all.filter((label) => label !== row).subarray(0, k), i * k);
  });
  return others;
}

/** Squared distance or inner product, in double precision. */
function distance(a: Float32Array, i: number, b: Float32Array, j: number, dim: number, metric: IndexMetric): number {
  let sum = 0;
  for (let t = 0; t < dim; t++) {
    const [x, y] = [a[i * dim + t]!, b[j * dim + t]!];
    sum += metric === 'ip' ? x * y : (x - y) ** 2;
  }
  return sum;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
