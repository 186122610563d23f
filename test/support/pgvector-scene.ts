import { afterAll, beforeAll } from 'vitest';

import { PgVectorIndex, type PgVectorIndexOptions, type VectorBatch } from '../../src/pgvector.js';
import { PostgresServer } from './postgres-server.js';

export const PG_DIM = 24;
/** Forces the planner to use the graph. */
export const GRAPH_ONLY = '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off';

/** A PostgreSQL server and its indexes, for the tests of one describe block. */
export class PgVectorScene {
  server!: PostgresServer;
  readonly #open: PgVectorIndex[] = [];

  constructor() {
    beforeAll(async () => {
      this.server = await PostgresServer.start();
    });
    afterAll(async () => {
      await Promise.all(this.#open.map((index) => index.dispose()));
      await this.server.stop();
    });
  }

  /** Disposes of an index after the tests. */
  readonly keep = async (opening: Promise<PgVectorIndex>): Promise<PgVectorIndex> => {
    const index = await opening;
    this.#open.push(index);
    return index;
  };

  readonly create = (
    table: string,
    options: Partial<PgVectorIndexOptions> = {},
    batches?: AsyncIterable<VectorBatch> | Iterable<VectorBatch>,
  ): Promise<PgVectorIndex> => {
    const place = { url: this.server.url(), table, dim: PG_DIM, metric: 'l2', factory: 'HNSW16' } as const;
    return this.keep(PgVectorIndex.create({ ...place, ...options }, batches));
  };

  readonly reopen = (table: string, options?: string): Promise<PgVectorIndex> =>
    this.keep(PgVectorIndex.open({ url: this.server.url(options === undefined ? {} : { options }), table }));

  async tables(): Promise<unknown[]> {
    const found = await this.server.query(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^t_'`);
    return found.map(({ relname }) => relname);
  }
}
