import { EngineError } from '../core/errors.js';
import { describe, expectString } from '../core/validate.js';

/** Properties of an index, read from its FAISS factory string. */
export interface IndexKind {
  /** Smallest number of vectors that training needs; 0 if the index needs no training. */
  minTrainRows: number;
  /** True if the index is an HNSW graph or uses one to find its lists. */
  graph: boolean;
  /** True if the index has inverted lists. */
  lists: boolean;
  /** True if training runs k-means. */
  kmeans: boolean;
}

const EXAMPLES =
  '"Flat", "SQ8", "HNSW32", "IVF256,Flat", "IVF256,SQ8", "PCA64,IVF256,SQ8" or "HNSW32,SQ8,Refine(SQfp16)"';
const MAX_DIM = 65_536;
const MAX_LISTS = 1 << 24;
const MAX_LINKS = 512;
const SCALAR = /^SQ(4|6|8|fp16|bf16|8_direct|8_direct_signed)$/;
const RERANKED = /,(?:RFlat|Refine\(SQ(?:fp16|bf16)\))$/;
const PRODUCT = /^PQ(\d+)(?:x(\d+))?(np)?$/;

/** Whether an index with this factory string ranks its results again, by vectors of more precision. */
export function isReranked(factory: string): boolean {
  return RERANKED.test(factory);
}

/**
 * Parses the subset of FAISS's factory language that this package supports: flat, SQ, PQ, HNSW and IVF indexes,
 * optionally after the transforms PCA, OPQ, random rotation, L2 normalisation and padding, and optionally before
 * re-ranking by float32 vectors (`RFlat`) or by vectors of 16 bits (`Refine(SQfp16)`, `Refine(SQbf16)`). All other
 * strings are rejected here, because some of them make FAISS end the process.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the invalid part
 */
export function parseFactory(factory: unknown, dim: number): IndexKind {
  const text = expectString(factory, 'factory');
  const refuse = (why: string): never => {
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a FAISS factory string such as ${EXAMPLES} for "factory", got ${describe(text)}: ${why}`,
    );
  };
  const count = (digits: string, what: string, min: number, max: number): number => {
    const value = Number(digits);
    return value >= min && value <= max ? value : refuse(`${what} must be from ${min} to ${max}`);
  };
  const parts = text.split(',');
  if (isReranked(text)) parts.pop();
  const kind: IndexKind = { minTrainRows: 0, graph: false, lists: false, kmeans: false };
  const trains = (rows: number): void => void (kind.minTrainRows = Math.max(kind.minTrainRows, rows));

  let width = dim;
  while (parts.length > 1) {
    const after = transform(parts[0]!, width, count, trains, refuse);
    if (after === undefined) break;
    width = after;
    parts.shift();
  }

  const codes = (part: string): void => {
    const product = PRODUCT.exec(part);
    if (product) {
      const subspaces = count(product[1]!, 'the number of PQ codes', 1, width);
      if (width % subspaces !== 0) refuse(`${subspaces} PQ codes do not divide the dimension ${width}`);
      trains(2 ** count(product[2] ?? '8', 'the bits of a PQ code', 1, 16));
      kind.kmeans = true;
    } else if (SCALAR.test(part)) {
      if (/^SQ[468]$/.test(part)) trains(1);
    } else if (part !== 'Flat') {
      refuse(`unknown part "${part}"`);
    }
  };

  const [head = '', tail, ...rest] = parts;
  if (rest.length > 0) refuse(`unexpected part "${rest[0]!}"`);
  const graph = /^HNSW(\d*)$/.exec(head);
  const lists = /^IVF(\d+)(?:_HNSW(\d*))?$/.exec(head);
  if (graph) {
    kind.graph = true;
    count(graph[1] || '32', 'the links of a graph', 2, MAX_LINKS);
    if (tail !== undefined && PRODUCT.test(tail)) refuse('a graph over PQ codes is not supported');
    codes(tail ?? 'Flat');
  } else if (lists) {
    kind.lists = kind.kmeans = true;
    trains(count(lists[1]!, 'the number of lists', 1, MAX_LISTS));
    if (lists[2] !== undefined) {
      kind.graph = true;
      count(lists[2] || '32', 'the links of a graph', 2, MAX_LINKS);
    }
    codes(tail ?? refuse('IVF needs the codes of its lists, as in "IVF256,Flat"'));
  } else {
    if (tail !== undefined) refuse(`unknown part "${head}"`);
    codes(head);
  }
  return kind;
}

/** Returns the dimension after a transform, or undefined if `part` is not a transform. */
function transform(
  part: string,
  width: number,
  count: (digits: string, what: string, min: number, max: number) => number,
  trains: (rows: number) => void,
  refuse: (why: string) => never,
): number | undefined {
  if (/^L2[nN]orm$/.test(part)) return width;
  const pca = /^PCAW?R?(\d+)$/.exec(part);
  if (pca) {
    const out = count(pca[1]!, 'the dimension after PCA', 1, width);
    trains(out);
    return out;
  }
  const rotation = /^RR(\d+)?$/.exec(part);
  if (rotation) {
    trains(1);
    return rotation[1] === undefined ? width : count(rotation[1], 'the dimension after a rotation', 1, MAX_DIM);
  }
  const opq = /^OPQ(\d+)(?:_(\d+))?$/.exec(part);
  if (opq) {
    const out = opq[2] === undefined ? width : count(opq[2], 'the dimension after OPQ', 1, width);
    const subspaces = count(opq[1]!, 'the number of OPQ codes', 1, out);
    if (out % subspaces !== 0) refuse(`${subspaces} OPQ codes do not divide the dimension ${out}`);
    trains(256);
    return out;
  }
  const pad = /^Pad(\d+)$/.exec(part);
  if (pad) return Math.max(width, count(pad[1]!, 'the padded dimension', 1, MAX_DIM));
  return undefined;
}
