/** What is compared. */
export interface Kind {
  name: string;
  engine: 'univar' | 'libfaiss' | 'usearch';
  /** Of FAISS; the quantization of usearch. */
  factory: string;
  parameter: 'efSearch' | 'nprobe';
  settings: number[];
  /** Searches the file that this one built: the same structure, so only the code of the search differs. */
  fileOf?: string;
  mapped: boolean;
  /**
   * On rows of length 1 both order alike; principal components are centred, which inner products do not survive.
   * @default 'ip'
   */
  metric?: 'l2';
  /** Candidates that are ranked again; the index's default where it is left out. */
  rerank?: number;
}

/**
 * Candidates while a row is linked, for all graphs. The default of 40 is quicker to build, and its recall ends below
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
