/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What `import { ... } from 'univar/pgvector'` offers: an index in PostgreSQL.
 *
 * @module univar/pgvector
 */

export { buildPgIndex, openPgIndex } from './pipeline/index/postgres-index.js';
export { DEFAULT_TABLE, type PgConnectionOptions } from './search/pgvector/connection-options.js';
export {
  type PgAddOptions,
  type PgOpenOptions,
  PgVectorIndex,
  type PgVectorIndexOptions,
} from './search/pgvector/pgvector-index.js';
export type { PgSearchOptions } from './search/pgvector/search-options.js';
export type { VectorBatch } from './search/pgvector/vector-batch.js';
