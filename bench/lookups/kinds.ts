import { isReranked } from '../../src/search/factory.js';

/** One compared kind of index, and how it is searched. */
export interface Kind {
  name: string;
  engine: 'univar' | 'libfaiss' | 'hnswlib' | 'usearch';
  /** Factory string of FAISS, or quantization of usearch. */
  factory: string;
  parameter: 'efSearch' | 'nprobe';
  /** In the order of their recall. */
  settings: readonly number[];
  /** Kind whose file is searched. The structure is the same, so only the search differs. */
  fileOf?: string;
  /**
   * Rows of length 1 have the same order in both metrics. Principal components are centred, which changes the order of
   * inner products.
   * @default 'ip'
   */
  metric?: 'l2';
  /** Candidates to re-rank for each neighbour. @default 2, as of the index */
  rerank?: number;
}

/** Links of a row in graphs; twice as many on the base level. */
export const LINKS = 32;
/**
 * Number of candidates when linking a row, for all graphs. The default of 40 builds faster, but its recall stays below
 * 0.98.
 */
export const EF_CONSTRUCTION = 200;

const DEFAULT_RERANK = 2;
const CANDIDATES = [10, 16, 24, 32, 50, 64, 96, 128, 192, 256, 384, 512, 768];
const LISTS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const graph = (factory: string): Kind => ({
  name: factory,
  engine: 'univar',
  factory,
  parameter: 'efSearch',
  settings: CANDIDATES,
});
const lists = (factory: string): Kind => ({ ...graph(factory), parameter: 'nprobe', settings: LISTS });
const plain = (kind: Kind): Kind => ({
  ...kind,
  name: `libfaiss ${kind.factory}`,
  engine: 'libfaiss',
  fileOf: kind.factory,
});
const reranked = (kind: Kind, rerank: number): Kind => ({
  ...kind,
  name: `${kind.name}, rerank ${rerank} k`,
  fileOf: kind.factory,
  rerank,
});
const usearch = (factory: string): Kind => ({ ...graph(factory), name: `usearch ${factory}`, engine: 'usearch' });

/** Returns how many rows a search finds before it returns k of them. */
export function candidatesOf({ factory, rerank }: Kind, k: number): number {
  return isReranked(factory) ? Math.ceil((rerank ?? DEFAULT_RERANK) * k) : k;
}

/** What the others are compared with. */
export const PEER = 'hnswlib';

const BESIDE_PEER: Kind[] = [
  { ...graph(''), name: PEER, engine: 'hnswlib' },
  graph('HNSW32'),
  graph('HNSW32,SQ8,RFlat'),
  graph('HNSW32,SQ8,Refine(SQfp16)'),
  reranked(graph('HNSW32,SQ8,Refine(SQfp16)'), 1.5),
];

export const DEFAULT_KINDS = BESIDE_PEER.map(({ name }) => name);

export const KINDS: Kind[] = [
  ...BESIDE_PEER,
  reranked(graph('HNSW32,SQ8,RFlat'), 1.5),
  reranked(graph('HNSW32,SQ8,RFlat'), 4),
  { ...graph('PCA256,HNSW32,SQ8,RFlat'), metric: 'l2', rerank: 4 },
  plain(graph('HNSW32,SQ8,RFlat')),
  graph('HNSW32,SQbf16,RFlat'),
  plain(graph('HNSW32')),
  lists('IVF4096,SQ8,RFlat'),
  plain(lists('IVF4096,SQ8,RFlat')),
  lists('IVF4096,SQbf16,RFlat'),
  lists('IVF4096,Flat'),
  plain(lists('IVF4096,Flat')),
  usearch('bf16'),
  usearch('i8'),
];
