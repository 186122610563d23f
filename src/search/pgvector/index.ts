/** What `univar/pgvector` exports: apart from `univar`, whose users need not load the client of PostgreSQL. */
export type { VectorBatch } from './copy-rows.js';
export type { PgSearchOptions } from './nearest-rows.js';
export {
  type PgAddOptions,
  type PgConnectionOptions,
  type PgOpenOptions,
  PgVectorIndex,
  type PgVectorIndexOptions,
} from './pgvector-index.js';
