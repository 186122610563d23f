/**
 * What `import { ... } from 'univar/pgvector'` offers: an index in PostgreSQL.
 *
 * @module univar/pgvector
 */

export { buildPgIndex, openPgIndex } from './pipeline/index/postgres-index.js';
export type { VectorBatch } from './search/pgvector/copy-rows.js';
export type { PgSearchOptions } from './search/pgvector/nearest-rows.js';
export {
  DEFAULT_TABLE,
  type PgAddOptions,
  type PgConnectionOptions,
  type PgOpenOptions,
  PgVectorIndex,
  type PgVectorIndexOptions,
} from './search/pgvector/pgvector-index.js';
