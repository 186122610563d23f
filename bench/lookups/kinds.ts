/** One compared kind of index. */
export interface Kind {
  name: string;
  engine: 'univar' | 'libfaiss' | 'usearch';
  /** Factory string of FAISS, or quantization of usearch. */
  factory: string;
  parameter: 'efSearch' | 'nprobe';
  settings: number[];
  /** Kind whose file is searched. The structure is the same, so only the search code differs. */
  fileOf?: string;
  mapped: boolean;
  /**
   * Rows of length 1 have the same order in both metrics. Principal components are centred, which changes the order of
   * inner products.
   * @default 'ip'
   */
  metric?: 'l2';
  /** Number of candidates to re-rank. @default that of the index */
  rerank?: number;
}

/**
 * Number of candidates when linking a row, for all graphs. The default of 40 builds faster, but its recall stays below
 * 0.98.
 */
export const EF_CONSTRUCTION = 200;

const GRAPH = [64, 96, 128, 192, 256, 384, 512];
const LISTS = [8, 16, 32, 64, 128, 256];

const graph = (factory: string): Kind => ({
  name: factory,
  engine: 'univar',
  factory,
  parameter: 'efSearch',
  settings: GRAPH,
  mapped: true,
});
const lists = (factory: string): Kind => ({
  name: factory,
  engine: 'univar',
  factory,
  parameter: 'nprobe',
  settings: LISTS,
  mapped: true,
});
const plain = (kind: Kind): Kind => ({
  ...kind,
  name: `libfaiss ${kind.factory}`,
  engine: 'libfaiss',
  fileOf: kind.factory,
});
const usearch = (factory: string): Kind => ({
  name: `usearch ${factory}`,
  engine: 'usearch',
  factory,
  parameter: 'efSearch',
  settings: GRAPH,
  mapped: true,
});

export const KINDS: Kind[] = [
  { ...graph('PCA256,HNSW32,SQ8,RFlat'), metric: 'l2', rerank: 200 },
  graph('HNSW32,SQ8,RFlat'),
  { ...graph('HNSW32,SQ8,RFlat'), name: 'HNSW32,SQ8,RFlat, 200 re-ranked', fileOf: 'HNSW32,SQ8,RFlat', rerank: 200 },
  plain(graph('HNSW32,SQ8,RFlat')),
  graph('HNSW32,SQbf16,RFlat'),
  graph('HNSW32'),
  plain(graph('HNSW32')),
  lists('IVF4096,SQ8,RFlat'),
  plain(lists('IVF4096,SQ8,RFlat')),
  lists('IVF4096,SQbf16,RFlat'),
  lists('IVF4096,Flat'),
  plain(lists('IVF4096,Flat')),
  usearch('bf16'),
  usearch('i8'),
];
