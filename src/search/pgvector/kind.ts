import { EngineError } from '../../core/errors.js';
import { describe, expectInteger, expectOneOf, expectString, fail } from '../../core/validate.js';
import { INDEX_METRICS, type IndexMetric } from '../../native/metrics.js';

/** Storage format of entries: float32 (`vector`) or half precision (`halfvec`). */
export type Storage = 'f32' | 'f16';

/** Limits of the HNSW index of pgvector 0.8. */
const MAX_DIM = { f32: 2000, f16: 4000 } as const;
const MIN_LINKS = 2;
const MAX_LINKS = 100;
const MIN_EF_CONSTRUCTION = 4;
const MAX_EF_CONSTRUCTION = 1000;
const DEFAULT_EF_CONSTRUCTION = 64;

/** The kind of vectors in a table, and the parameters of its graph. */
export interface TableKind {
  dim: number;
  metric: IndexMetric;
  storage: Storage;
  /** Links per vector in the graph (pgvector's `m`); twice as many in the lowest layer, as in FAISS. */
  links: number;
  /** Whether each row has a digest of its content. Tables of earlier releases have none. */
  hasDigests: boolean;
}

export interface NewTableKind extends TableKind {
  efConstruction: number;
}

/** @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE` naming the option and the limit of pgvector */
export function expectKind(given: {
  dim?: unknown;
  metric?: unknown;
  factory?: unknown;
  efConstruction?: unknown;
}): NewTableKind {
  const metric = expectOneOf(given.metric, 'metric', INDEX_METRICS);
  const { links, storage } = parsePgFactory(given.factory ?? 'HNSW32');
  const dim = expectInteger(given.dim, 'dim', 1);
  const max = MAX_DIM[storage];
  if (dim > max) {
    const otherwise =
      storage === 'f32' && dim <= MAX_DIM.f16 ? `; "HNSW${links},SQfp16", half precision, allows ${MAX_DIM.f16}` : '';
    fail(
      'ERR_ARG_RANGE',
      `at most ${max} entries (the limit of pgvector for indexes of ${storage} vectors${otherwise})`,
      'dim',
      dim,
    );
  }
  const least = Math.max(MIN_EF_CONSTRUCTION, 2 * links); // pgvector's rule
  const efConstruction = expectInteger(
    given.efConstruction ?? Math.max(DEFAULT_EF_CONSTRUCTION, least),
    'efConstruction',
    least,
    MAX_EF_CONSTRUCTION,
  );
  return { dim, metric, storage, links, hasDigests: true, efConstruction };
}

/** Returns the factory string of the equivalent FAISS index. */
export function factoryOf({ links, storage }: Pick<TableKind, 'links' | 'storage'>): string {
  return `HNSW${links}${storage === 'f16' ? ',SQfp16' : ''}`;
}

/** Returns pgvector's names for a kind. */
export function pgNames({ metric, storage }: Pick<TableKind, 'metric' | 'storage'>): {
  type: string;
  operator: string;
  operatorClass: string;
} {
  const type = storage === 'f16' ? 'halfvec' : 'vector';
  return { type, operator: metric === 'ip' ? '<#>' : '<->', operatorClass: `${type}_${metric}_ops` };
}

function parsePgFactory(factory: unknown): { links: number; storage: Storage } {
  const text = expectString(factory, 'factory');
  const parsed = /^HNSW(\d*)(,Flat|,SQfp16)?$/.exec(text);
  const links = Number(parsed?.[1] || 32);
  if (!parsed || links < MIN_LINKS || links > MAX_LINKS) {
    const wanted = `"HNSW32", or "HNSW32,SQfp16" for half precision, with ${MIN_LINKS} to ${MAX_LINKS} links`;
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected ${wanted} for "factory" of an index in PostgreSQL, got ${describe(text)}`,
    );
  }
  return { links, storage: parsed[2] === ',SQfp16' ? 'f16' : 'f32' };
}
