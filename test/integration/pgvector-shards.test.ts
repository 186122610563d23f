import { describe, expect, it } from 'vitest';

import type { PgVectorIndex, PgVectorIndexOptions, VectorBatch } from '../../src/pgvector.js';
import { exactRanking, recall } from '../support/exact-search.js';
import { PG_DIM as dim, GRAPH_ONLY, PgVectorScene } from '../support/pgvector-scene.js';
import { GUARDED, NO_POSTGRES } from '../support/postgres-server.js';
import { randomClusters } from '../support/random.js';

const rows = 2000;
const k = 10;
const base = randomClusters(rows + 100, dim, 30, 2);
const queries = base.slice(0, 12 * dim).map((value, i) => value + 0.05 * Math.cos(i));
const valueIds = Array.from({ length: rows }, (_, row) => `m${row % 7}$${row % 50 === 0 ? 'zho' : 'eng'}`);
const part = (begin: number, end: number): VectorBatch => ({
  vectors: base.subarray(begin * dim, end * dim),
  valueIds: valueIds.slice(begin, end),
});

describe.skipIf(NO_POSTGRES !== undefined)(
  `PgVectorIndex on two servers${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const [own, other] = [new PgVectorScene(), new PgVectorScene()];
    const { reopen } = own;
    const spread = (
      table: string,
      batches: AsyncIterable<VectorBatch> | Iterable<VectorBatch> = [part(0, 700), part(700, rows)],
      options: Partial<PgVectorIndexOptions> = {},
    ): Promise<PgVectorIndex> => own.create(table, { shards: [other.server.url()], ...options }, batches);
    const found = async (index: PgVectorIndex): Promise<number> => {
      const { labels } = await index.search(queries, { k, efSearch: 400 });
      return recall(labels, queries, base.subarray(0, index.rows * dim), dim, k, index.metric);
    };

    it('gives every server the rows of its hash partition, and finds what one server would find', async () => {
      const done: number[] = [];
      const index = await spread('t_two', undefined, { source: 's', onProgress: (count) => done.push(count) });
      expect(done.at(-1)).toBe(rows);
      expect(index).toMatchObject({ rows, size: rows, source: 's', factory: 'HNSW16' });
      expect(await own.server.query('SELECT count(*)::int AS count FROM t_two')).toEqual([{ count: rows }]);
      const wrong = await own.server.query(
        'SELECT label FROM (SELECT label FROM t_two_1 OFFSET 0) held ' + // evaluates the function here
          `WHERE NOT satisfies_hash_partition('t_two'::regclass, 2, 1, label)`,
      );
      expect(wrong).toEqual([]);
      const counts = await other.server.query('SELECT count(*)::int AS count FROM t_two_1');
      expect(counts[0]!['count']).toBeGreaterThan(rows / 3);
      expect(counts[0]!['count']).toBeLessThan((2 * rows) / 3);

      const again = await reopen('t_two');
      expect(again).toMatchObject({ rows, size: rows, source: 's', metric: 'l2' });
      expect(again.places).toHaveLength(2);
      expect(await found(again)).toBeGreaterThan(0.99);
      const filter = { lang: 'zho', model: ['m0', 'm1'] };
      const { labels } = await again.search(queries.subarray(0, dim), { k, filter, efSearch: 400 });
      const matching = exactRanking(queries, 0, base, dim, 'l2')
        .map(({ row }) => row)
        .filter((row) => row < rows && row % 50 === 0 && row % 7 < 2);
      expect(Array.from(labels)).toEqual(matching.slice(0, k));
    });

    it.each(['l2', 'ip'] as const)(
      'merges like one table, with removed rows and with -1 at the end: %s',
      async (metric) => {
        const index = await spread(`t_merged_${metric}`, undefined, { metric });
        const single = await own.create(`t_single_${metric}`, { metric }, [part(0, rows)]);
        const gone = Int32Array.from({ length: 30 }, (_, i) => i * 3);
        for (const each of [index, single]) expect(await each.remove(gone)).toBe(30);
        for (const options of [{ k: 50 }, { k: 60, filter: { lang: 'zho' } }]) {
          const [a, b] = [await index.search(queries, options), await single.search(queries, options)];
          if (options.filter) expect(a.labels).toEqual(b.labels);
          expect(a.labels.some((label) => gone.includes(label))).toBe(false);
          expect(a.distances.length).toBe(b.distances.length);
        }
        await expect(index.remove(Int32Array.of(rows))).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
        expect(await reopen(`t_merged_${metric}`)).toMatchObject({ rows, size: rows - 30 });
        expect(await index.selfRecall({ sample: 200 })).toBeGreaterThan(0.98);
      },
    );

    it('adds to all servers, also from two processes', async () => {
      const index = await spread('t_added', [part(0, 1000)]);
      const second = await reopen('t_added');
      const firsts = await Promise.all([index.add(part(1000, 1300).vectors), second.add(part(1300, 1600).vectors)]);
      expect(firsts.toSorted((a, b) => a - b)).toEqual([1000, 1300]);
      // Neither waits for what the other one holds on another server.
      const gone = Int32Array.from({ length: 200 }, (_, i) => i);
      const counts = await Promise.all([index.remove(gone), second.remove(gone), index.remove(gone)]);
      expect(counts.reduce((sum, count) => sum + count)).toBe(200);
      const third = await reopen('t_added');
      expect(third).toMatchObject({ rows: 1600, size: 1400 });
      const at = base.subarray(1299 * dim, 1300 * dim);
      expect((await third.search(at, { k: 1 })).labels[0]).toBe(firsts[0] + 299);
    });

    it('lets every server walk its own graph, and sends k rows of it for a query over foreign tables', async () => {
      await spread('t_plan');
      const [{ vector }] = (await own.server.query('SELECT embedding::text AS vector FROM t_plan LIMIT 1')) as [
        { vector: string },
      ];
      const near = (table: string): string => {
        const distance = `embedding <-> '${vector}'`;
        return (
          `(SELECT label, ${distance} AS distance FROM ${table} ` +
          `WHERE embedding IS NOT NULL ORDER BY ${distance} LIMIT ${k})`
        );
      };
      const explain = async (server: PgVectorScene, query: string): Promise<string> => {
        await server.server.query('ANALYZE');
        const set = 'SET enable_seqscan = off; SET enable_sort = off';
        const plan = await server.server.query(`${set}; EXPLAIN (VERBOSE, COSTS OFF) ${query}`);
        return plan.map((line) => line['QUERY PLAN']).join('\n');
      };
      expect(await explain(other, near('t_plan_1'))).toContain('Index Scan using t_plan_1_embedding_idx');
      const union = await explain(own, `${near('t_plan_0')} UNION ALL ${near('t_plan_1')}`);
      expect(union).toContain('Index Scan using t_plan_0_embedding_idx');
      expect(union).toMatch(/Remote SQL: SELECT .* ORDER BY \(embedding OPERATOR\(public\.<->\) .*\) .* LIMIT 10/);
      expect(await explain(own, near('t_plan'))).not.toMatch(/Remote SQL: .* LIMIT/); // why the engine asks each server
      const index = await reopen('t_plan', GRAPH_ONLY);
      expect(await found(index)).toBeGreaterThan(0.9);
    });

    it('names a server that is lost, changes nothing, and works again after it has returned', async () => {
      const index = await spread('t_lost');
      await index.search(queries, { k });
      const place = new RegExp(other.server.socket.replace('/.s.PGSQL.5432', ''));
      const lost = { code: 'ERR_REMOTE', message: expect.stringMatching(place) as string };
      await other.server.kill();
      await expect(index.search(queries, { k })).rejects.toMatchObject(lost);
      await expect(index.add(part(0, 100).vectors)).rejects.toMatchObject(lost);
      await expect(index.remove(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8))).rejects.toMatchObject(lost);
      await expect(reopen('t_lost')).rejects.toMatchObject(lost);
      await expect(spread('t_unborn')).rejects.toMatchObject(lost);
      await other.server.start();
      expect(await reopen('t_lost')).toMatchObject({ rows, size: rows });
      expect(await found(index)).toBeGreaterThan(0.99);
      expect(await own.tables()).not.toContain('t_unborn_0');
    });

    it('keeps the older rows if a server is lost during a load, and replaces them afterwards', async () => {
      await spread('t_again', [part(0, 500)], { source: 'older' });
      const held = other.server.query('BEGIN; LOCK TABLE t_again_1 IN ROW EXCLUSIVE MODE; SELECT pg_sleep(60)');
      const killed = expect(held).rejects.toThrow();
      const loading = expect(spread('t_again', [part(500, rows)], { overwrite: true })).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringMatching(/^Cannot load the table "t_again_1" of the database "postgres" at /) as string,
      });
      // The first server has finished its part, and waits for the other one.
      const waits =
        "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' " + `AND query LIKE 'ANALYZE "t_again_0"'`;
      await expect.poll(() => own.server.query(waits), { timeout: 30_000 }).toHaveLength(1);
      await other.server.kill();
      await Promise.all([loading, killed]);
      await other.server.start();
      expect(await reopen('t_again')).toMatchObject({ rows: 500, source: 'older' });
      await spread('t_again', [part(500, 1000)], { overwrite: true, source: 'newer' });
      expect(await reopen('t_again')).toMatchObject({ rows: 500, source: 'newer' });
      await expect(
        spread('t_again', [{ vectors: new Float32Array(dim).fill(NaN) }], { overwrite: true }),
      ).rejects.toThrow('NaN');
      await expect(spread('t_again')).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('replace it (overwrite: true)') as string,
      });
      await expect(own.create('t_again', { overwrite: true })).rejects.toThrow('is spread over several servers');
      await other.server.query('UPDATE t_again_1 SET model = NULL WHERE label < 5');
      await expect(reopen('t_again')).rejects.toThrow(/were changed by others: \d edited/);
    });

    it('keeps the password of a server out of messages, and out of statements that a server logs', async () => {
      const { user, password } = GUARDED;
      await other.server.query('CREATE EXTENSION IF NOT EXISTS vector; GRANT CREATE ON SCHEMA public TO guarded');
      const at = (secret: string): string =>
        other.server.url().replace('postgres@', `${user}:${encodeURIComponent(secret)}@`);
      const notices: string[] = [];
      const settings = '-c client_min_messages=log -c log_statement=ddl -c log_min_duration_statement=0';
      const index = await spread('t_secret', undefined, {
        url: own.server.url({ options: settings }),
        shards: [at(password)],
        onNotice: (text) => notices.push(text),
      });
      expect(notices.join('\n')).toContain('CREATE SERVER');
      expect(notices.filter((text) => text.includes(password))).toEqual([]);
      expect(JSON.stringify([index, index.places])).not.toContain(password);
      expect(await found(await reopen('t_secret'))).toBeGreaterThan(0.99); // the coordinator knows the password

      const refused: unknown = await spread('t_refused', undefined, { shards: [at('wr0ng')] }).catch(
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringContaining('password authentication failed for user "guarded"') as string,
      });
      expect((refused as Error).stack).not.toContain('wr0ng');
    });

    it('refuses servers that are named twice, and tables of another layout', async () => {
      const url = other.server.url();
      await expect(spread('t_twice', undefined, { shards: [url, url] })).rejects.toMatchObject({
        code: 'ERR_BUSY',
        message: expect.stringMatching(/^Two URLs name the same database/) as string,
      });
      await expect(spread('t_self', undefined, { shards: [own.server.url()] })).rejects.toMatchObject({
        code: 'ERR_BUSY',
      });
      await own.create('t_flat', {}, [part(0, 100)]);
      await expect(spread('t_flat', undefined, { overwrite: true })).rejects.toThrow('already exists, on one server');
      await expect(spread('t_url', undefined, { shards: ['mysql://x'] })).rejects.toThrow('for "shards[0]"');
    });
  },
);
