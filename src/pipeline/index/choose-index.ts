import { totalmem } from 'node:os';

import type { IndexMetric } from '../../native/metrics.js';

/** The kind of index that fits a dataset. */
export interface IndexChoice {
  /** FAISS factory string. */
  factory: string;
  /** Absent for an index without a graph. */
  efConstruction?: number;
  /** Why, in one sentence for people, without a full stop. */
  reason: string;
}

export interface IndexChoiceInput {
  rows: number;
  /** Entries of a vector. */
  dim: number;
  metric: IndexMetric;
  /** Whether all vectors have length 1. */
  isUnit: boolean;
  /** Share of the nearest rows that searches should find. */
  recall: number;
  /** Chooses a graph even for few rows. @default false */
  wantsGraph?: boolean | undefined;
  /** Bytes of memory of the machine. @default that of this one, or of the container */
  memory?: number | undefined;
}

/** With fewer rows, exact search takes less than a millisecond or two. */
const EXACT_ROWS = 10_000;
/** From this width on, a graph over principal components is faster at equal recall (docs/search.md). */
const WIDE_DIM = 512;
const COMPONENTS = 256;
/** FAISS's default, 40, limits the recall that searches of large graphs can reach. */
const EF_CONSTRUCTION = 200;
/** Bytes per row of the links of an HNSW32 and of what belongs to them. */
const LINK_BYTES = 300;
/** Memory while building, in relation to the finished index. */
const BUILDING = 1.3;
/** Part of the memory of the machine that an index may take. */
const MEMORY_SHARE = 0.8;

/**
 * Chooses the kind of index by the number of rows, their width, the recall that is wanted and the memory: exact search
 * for few rows, otherwise the fastest graph of docs/search.md whose vectors fit.
 */
export function chooseIndex(input: IndexChoiceInput): IndexChoice {
  const { rows, dim, metric, isUnit, recall, wantsGraph = false, memory = machineMemory() } = input;
  if (recall >= 1 && !wantsGraph)
    return { factory: 'Flat', reason: 'only exact search finds all of the nearest answers' };
  const count = rows.toLocaleString('en-US');
  if (rows < EXACT_ROWS && !wantsGraph)
    return { factory: 'Flat', reason: `exact search is fast enough for ${count} answers` };
  const size = `${count} answers of ${dim} dimensions`;
  // The components are those of the vectors less their mean, which changes inner products.
  const reduces = metric === 'l2' && dim >= WIDE_DIM && rows >= COMPONENTS;
  const codes = reduces ? COMPONENTS : dim;
  const bytes = (perRow: number): number => rows * (perRow + LINK_BYTES) * BUILDING;
  const most = MEMORY_SHARE * memory;
  const graph = (factory: string, reason: string): IndexChoice => ({
    factory: factory.replace('HNSW32', reduces ? `PCA${COMPONENTS},HNSW32` : 'HNSW32'),
    efConstruction: EF_CONSTRUCTION,
    reason,
  });
  const over = reduces ? `8-bit codes of ${COMPONENTS} principal components` : '8-bit codes';
  // Unit vectors lose next to nothing by 16 bits. Others may lie close together far from 0, or have larger entries.
  const [rerank, width, by] = isUnit
    ? ['Refine(SQfp16)', 2, 'the vectors in 16 bits']
    : ['RFlat', 4, 'the complete vectors'];
  if (bytes(width * dim + codes) <= most)
    return graph(`HNSW32,SQ8,${rerank}`, `a graph over ${over}, re-ranked by ${by}, is fastest for ${size}`);
  const without = `${by} of ${size} would not fit into memory`;
  if (bytes(2 * codes) <= most) return graph('HNSW32,SQfp16', `${without}, so the graph keeps 16 bits of each entry`);
  return graph('HNSW32,SQ8', `${without}, so the graph keeps 8 bits of each entry`);
}

/** Memory of the machine, or of the container that limits it. */
function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
