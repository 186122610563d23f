import { setTimeout as sleep } from 'node:timers/promises';

import { beforeAll, describe, expect, it } from 'vitest';

import { ValueIdentifier } from '../../src/identification/value-identifier.js';
import { PgVectorIndex, type VectorBatch } from '../../src/pgvector.js';
import { VectorIndex } from '../../src/search/vector-index.js';
import { exactDistance, exactRanking, recall } from '../support/exact-search.js';
import { PG_DIM as dim, GRAPH_ONLY, PgVectorScene } from '../support/pgvector-scene.js';
import { NO_POSTGRES } from '../support/postgres-server.js';
import { randomClusters, randomUnitRows } from '../support/random.js';

const MAX_FLOAT = Math.fround(3.4028234663852886e38);
const rows = 2000;
const k = 10;
const valueIds = Array.from({ length: rows }, (_, row) => `m${row % 7}$${row % 50 === 0 ? 'zho' : 'eng'}`);
const data = { random: randomUnitRows(rows, dim, 1), clustered: randomClusters(rows, dim, 30, 2) };
/** Close to rows, but different from all. */
const queriesOf = (base: Float32Array): Float32Array =>
  base.slice(0, 12 * dim).map((value, i) => value + 0.05 * Math.cos(i));
describe.skipIf(NO_POSTGRES !== undefined)(
  `PgVectorIndex${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const scene = new PgVectorScene();
    const { keep, create, reopen } = scene;

    describe.each(['random', 'clustered'] as const)('over %s vectors', (name) => {
      const base = data[name];
      const queries = queriesOf(base);

      it.each(['l2', 'ip'] as const)('has a recall of the graph like VectorIndex: %s', async (metric) => {
        const table = `t_${name}_${metric}`;
        await create(table, { metric }, [
          { vectors: base.subarray(0, 1000 * dim) },
          { vectors: base.subarray(1000 * dim) },
        ]);
        const index = await reopen(table, GRAPH_ONLY);
        expect(index).toMatchObject({ dim, metric, size: rows, factory: 'HNSW16' });
        const faiss = await VectorIndex.create({ dim, metric, factory: 'HNSW16' });
        await faiss.add(base);
        const found = await index.search(queries, { k, efSearch: 400 });
        const byFaiss = await faiss.search(queries, { k, efSearch: 400 });
        await faiss.dispose();
        expect(recall(found.labels, queries, base, dim, k, metric)).toBeGreaterThanOrEqual(
          recall(byFaiss.labels, queries, base, dim, k, metric) - 0.02,
        );
        for (let i = 0; i < found.labels.length; i++) {
          const exact = exactDistance(queries, Math.floor(i / k), base, found.labels[i]!, dim, metric);
          expect(Math.abs(found.distances[i]! - exact)).toBeLessThan(
            1e-5 * Math.max(Math.abs(exact), metric === 'ip' ? 1 : 0),
          );
          if (i % k > 0)
            expect(metric === 'ip' ? -found.distances[i]! : found.distances[i]!).toBeGreaterThanOrEqual(
              (metric === 'ip' ? -1 : 1) * found.distances[i - 1]!,
            );
        }
        await index.dispose(); // connections report their scans when they close
        const scans = (): Promise<unknown[]> =>
          scene.server.query(
            'SELECT idx_scan::int AS scans FROM pg_stat_user_indexes ' +
              `WHERE relname = '${table}' AND indexrelname ~ 'embedding'`,
          );
        await expect.poll(scans, { timeout: 20_000 }).toEqual([{ scans: 12 }]);
      });

      it('stores halves on request', async () => {
        const metric = name === 'random' ? 'ip' : 'l2';
        const index = await create(`t_${name}_halves`, { factory: 'HNSW16,SQfp16', metric }, [{ vectors: base }]);
        expect(
          (
            await scene.server.query(
              'SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute ' +
                `WHERE attrelid = 't_${name}_halves'::regclass AND attname = 'embedding'`,
            )
          )[0],
        ).toEqual({ type: `halfvec(${dim})` });
        const found = await index.search(queries, { k, efSearch: 400 });
        expect(recall(found.labels, queries, base, dim, k, metric)).toBeGreaterThan(0.9);
        found.distances.forEach((distance, i) => {
          const exact = exactDistance(queries, Math.floor(i / k), base, found.labels[i]!, dim, metric);
          expect(Math.abs(distance - exact)).toBeLessThan(0.01 * Math.abs(exact) + 1e-3);
        });
        await expect(
          index.search(
            queries.map(() => 65_505),
            { k: 1 },
          ),
        ).rejects.toMatchObject({ code: 'ERR_ARG_RANGE', message: expect.stringContaining('65504') as string });
      });
    });

    describe('in general', () => {
      const base = data.clustered;
      const queries = queriesOf(base);

      beforeAll(async () => {
        await create('t_values', {}, [{ vectors: base, valueIds }]);
      });

      it.each([
        ['the graph', GRAPH_ONLY],
        ['the choice of the planner', ''],
      ])('finds k rows of a model and a language by %s', async (_, options) => {
        const index = await reopen('t_values', options);
        for (const [filter, matches] of [
          [{ lang: 'zho' }, (row: number) => row % 50 === 0],
          [{ lang: 'eng' }, (row: number) => row % 50 !== 0],
          [{ model: ['m3', 'm5'], lang: 'zho' }, (row: number) => row % 50 === 0 && [3, 5].includes(row % 7)],
          [{ model: 'm3' }, (row: number) => row % 7 === 3],
          [{ valueId: ['m3$eng', 'nobody$eng'] }, (row: number) => row % 7 === 3 && row % 50 !== 0],
        ] as const) {
          const { labels } = await index.search(queries, { k, filter, efSearch: 100 });
          expect(labels.every((label) => label >= 0 && matches(label))).toBe(true);
          let same = 0;
          for (let query = 0; query < 12; query++) {
            const best = exactRanking(queries, query, base, dim, 'l2')
              .filter(({ row }) => matches(row))
              .slice(0, k);
            same += best.filter(({ row }) => labels.subarray(query * k, (query + 1) * k).includes(row)).length;
          }
          expect(same / labels.length).toBeGreaterThan(0.9);
        }
      });

      it('fills with -1 if a filter leaves too few rows, after searching all', async () => {
        const index = await reopen('t_values', `${GRAPH_ONLY} -c hnsw.max_scan_tuples=1`);
        const { labels, distances } = await index.search(queries.subarray(0, dim), { k: 100, filter: { lang: 'zho' } });
        const best = exactRanking(queries, 0, base, dim, 'l2').filter(({ row }) => row % 50 === 0);
        expect(Array.from(labels)).toEqual([...best.map(({ row }) => row), ...Array<number>(60).fill(-1)]);
        expect(new Set(distances.subarray(40))).toEqual(new Set([MAX_FLOAT]));
        expect((await index.search(queries.subarray(0, dim), { k: 1, filter: { model: 'nobody' } })).labels[0]).toBe(
          -1,
        );
      });

      it('finds all rows, even more than the candidates of the graph', async () => {
        const index = await reopen('t_values', GRAPH_ONLY);
        const { labels, distances } = await index.search(queries.subarray(0, dim), { k: rows });
        expect(new Set(labels).size).toBe(rows);
        const exact = exactRanking(queries, 0, base, dim, 'l2');
        distances.forEach((distance, i) =>
          expect(Math.abs(distance - exact[i]!.distance)).toBeLessThan(1e-5 * exact[i]!.distance),
        );
      });

      it.each(['l2', 'ip'] as const)('gives ValueIdentifier the same votes as VectorIndex: %s', async (metric) => {
        const units = data.random;
        const asked = randomUnitRows(40, dim, 9);
        const index = await create(`t_votes_${metric}`, { metric }, [{ vectors: units, valueIds }]);
        const flat = await VectorIndex.create({ dim, metric, factory: 'Flat' });
        await flat.add(units);
        const actual = await new ValueIdentifier({ index, valueIds }).identify(asked, { efSearch: 1000 });
        const expected = await new ValueIdentifier({ index: flat, valueIds }).identify(asked);
        await flat.dispose();
        actual.forEach(({ ranking, neighbours }, query) => {
          expect(ranking.map(({ valueId, votes }) => [valueId, votes])).toEqual(
            expected[query]!.ranking.map(({ valueId, votes }) => [valueId, votes]),
          );
          expect(neighbours.map(({ row }) => row)).toEqual(expected[query]!.neighbours.map(({ row }) => row));
        });
      });

      it('removes by label, and does not reuse labels', async () => {
        const index = await create('t_removal', {}, [{ vectors: base, valueIds }]);
        const [nearest] = (await index.search(queries.subarray(0, dim), { k: 1 })).labels;
        await expect(index.remove(Int32Array.of(nearest!, rows))).rejects.toMatchObject({
          code: 'ERR_ARG_RANGE',
          message: `Expected labels from 0 to ${rows - 1} for "labels", got ${rows}`,
        });
        expect(await index.remove(Int32Array.of(nearest!, rows - 1, nearest!))).toBe(2);
        expect(await index.remove(Int32Array.of(nearest!))).toBe(0);
        const { labels } = await index.search(queries.subarray(0, dim), { k: rows - 2 });
        expect(labels.includes(nearest!) || labels.includes(-1)).toBe(false);
        expect(new Set(labels).size).toBe(rows - 2);
        expect(await index.add(base.subarray(0, 2 * dim), { valueIds: ['new$eng', 'new$eng'] })).toBe(rows);
        expect([index.rows, index.size]).toEqual([rows + 2, rows]);
        const other = await reopen('t_removal');
        expect(other.size).toBe(rows);
        expect(await other.selfRecall({ sample: 300 })).toBeGreaterThan(0.95);
        const again = await index.search(base.subarray(dim, 2 * dim), { k: 2, filter: { model: ['new'] } });
        expect(Array.from(again.labels)).toEqual([rows + 1, rows]);
        const [voted] = await new ValueIdentifier({ index, valueIds: [...valueIds, 'new$eng', 'new$eng'] }).identify(
          queries.subarray(0, dim),
          { k: 2 },
        );
        expect(voted!.neighbours.map(({ row }) => row)).not.toContain(nearest);
      });

      it('is empty at first, and accepts concurrent additions', async () => {
        const first = await create('t_empty');
        expect(first.size).toBe(0);
        await expect(first.search(queries, { k: 1 })).rejects.toMatchObject({
          code: 'ERR_ARG_RANGE',
          message: 'Expected at most the number of vectors in the index, 0, for "k", got 1',
        });
        const second = await reopen('t_empty');
        const firsts = await Promise.all(
          [first, second, first, second].map((index, i) =>
            index.add(base.subarray(i * 100 * dim, (i + 1) * 100 * dim)),
          ),
        );
        expect(firsts.toSorted((a, b) => a - b)).toEqual([0, 100, 200, 300]);
        const third = await reopen('t_empty');
        for (const [i, label] of firsts.entries())
          expect(
            (await third.search(base.subarray((i * 100 + 7) * dim, (i * 100 + 8) * dim), { k: 1 })).labels[0],
          ).toBe(label + 7);
        await expect(first.search(queries, { k: 401 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
        expect((await third.search(new Float32Array(0), { k: 3 })).labels).toHaveLength(0);
      });

      it.each([
        [1900, 'HNSW8'],
        [2000, 'HNSW8'],
        [3800, 'HNSW8,SQfp16'],
        [4000, 'HNSW8,SQfp16'],
      ])('stores the longest vectors that pgvector can index, with long names: %i of %s', async (longest, factory) => {
        // 2,560 characters that hardly compress
        const model = Buffer.from(randomUnitRows(1, 480, 3).buffer).toString('base64');
        const vectors = randomUnitRows(5, longest, 4);
        const index = await create('t_longest', { dim: longest, factory, overwrite: true }, [
          { vectors, valueIds: Array<string>(5).fill(`${model}$eng`) },
        ]);
        expect((await index.search(vectors, { k: 1, filter: { model } })).labels).toEqual(Int32Array.of(0, 1, 2, 3, 4));
      });

      it('rejects data that do not match, and stores nothing of the call', async () => {
        const index = await create('t_misuse', {}, [{ vectors: base.subarray(0, dim) }]);
        await expect(index.add(base.subarray(1, dim))).rejects.toMatchObject({ code: 'ERR_SHAPE_MISMATCH' });
        await expect(index.add(base.subarray(0, dim), { valueIds: [] })).rejects.toMatchObject({
          code: 'ERR_SHAPE_MISMATCH',
        });
        await expect(index.add(base.subarray(0, dim), { valueIds: [7 as unknown as string] })).rejects.toMatchObject({
          code: 'ERR_ARG_TYPE',
          message: 'Expected a string for "valueIds[0]", got 7',
        });
        await expect(index.add(base.subarray(0, dim), { valueIds: ['a\0b$eng'] })).rejects.toMatchObject({
          code: 'ERR_REMOTE',
        });
        await expect(index.add(new Float32Array(dim).fill(NaN))).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
        await expect(index.add(new Float32Array(dim).fill(1e16))).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
        await expect(index.search(queries, { k: 1, efSearch: 1001 })).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
        await expect(index.search(queries, { k: 1, ...({ nprobe: 3 } as object) })).rejects.toMatchObject({
          code: 'ERR_ARG_TYPE',
        });
        await expect(index.search(queries, { k: 1, ...({ models: 'm1' } as object) })).rejects.toMatchObject({
          code: 'ERR_ARG_TYPE',
        });
        await expect(create('Values; DROP')).rejects.toMatchObject({ code: 'ERR_ARG_RANGE' });
        expect((await reopen('t_misuse')).size).toBe(1);
      });
    });

    describe('while it is loaded', () => {
      const base = data.random;
      const part = (i: number): VectorBatch => ({ vectors: base.subarray(i * 600 * dim, (i + 1) * 600 * dim) });

      it('does not exist after a server crash, and the old index can still be searched', async () => {
        const before = await create('t_before', {}, [part(0)]);
        async function* batches(): AsyncGenerator<VectorBatch> {
          yield part(0);
          yield part(1);
          await scene.server.kill();
          yield part(2);
        }
        await expect(create('t_crash', {}, batches())).rejects.toMatchObject({
          code: 'ERR_REMOTE',
          message: expect.stringMatching(/^Cannot load the table "t_crash" of the database "postgres" at /) as string,
        });
        await expect(before.search(base.subarray(0, dim), { k: 1 })).rejects.toMatchObject({ code: 'ERR_REMOTE' });
        await scene.server.start();
        expect(await scene.tables()).not.toContain('t_crash');
        expect(await scene.tables()).not.toContain('t_crash_loading');
        expect((await before.search(base.subarray(0, dim), { k: 1 })).labels[0]).toBe(0);
        expect((await create('t_crash', {}, [part(0)])).size).toBe(600);
      });

      it('does not exist if a batch is invalid or the caller aborts', async () => {
        await expect(
          create('t_bad', {}, [part(0), { vectors: new Float32Array(dim).fill(Infinity) }]),
        ).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
        const stop = new AbortController();
        async function* batches(): AsyncGenerator<VectorBatch> {
          yield part(0);
          stop.abort();
          await sleep(10);
          yield part(1);
        }
        await expect(create('t_bad', { signal: stop.signal }, batches())).rejects.toMatchObject({
          code: 'ERR_ABORTED',
        });
        await expect(create('t_bad', { signal: AbortSignal.abort() }, [part(0)])).rejects.toMatchObject({
          code: 'ERR_ABORTED',
        });
        expect(await scene.tables()).not.toContain('t_bad');
      });

      it('prevents others from loading it, and an older index can still be searched', async () => {
        const older = await create('t_busy', { source: 'older' }, [part(0)]);
        await expect(create('t_busy', {}, [part(1)])).rejects.toMatchObject({
          code: 'ERR_DATA',
          message: expect.stringContaining('replace it (overwrite: true)') as string,
        });
        async function* batches(): AsyncGenerator<VectorBatch> {
          yield part(1);
          await expect(create('t_busy', { overwrite: true }, [part(2)])).rejects.toMatchObject({ code: 'ERR_BUSY' });
          expect((await older.search(base.subarray(0, dim), { k: 1 })).distances[0]).toBe(0);
          yield part(2);
        }
        const newer = await create('t_busy', { overwrite: true, source: 'newer' }, batches());
        expect(newer).toMatchObject({ size: 1200, source: 'newer' });
        expect((await older.search(base.subarray(600 * dim, 601 * dim), { k: 1 })).labels[0]).toBe(0);
        expect(await reopen('t_busy')).toMatchObject({ size: 1200, source: 'newer' });
      });
    });

    it('cancels a search on the server', async () => {
      const index = await create('t_locked', {}, [{ vectors: data.random }]);
      const stop = new AbortController();
      const waiting = (): Promise<Record<string, unknown>[]> =>
        scene.server.query(`SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      const holder = scene.server.query(`BEGIN; LOCK TABLE t_locked; SELECT pg_sleep(60)`);
      const held = expect(holder).rejects.toThrow('terminating connection');
      while (
        (
          await scene.server.query(
            `SELECT 1 FROM pg_locks WHERE relation = 't_locked'::regclass AND mode = 'AccessExclusiveLock' AND granted`,
          )
        ).length === 0
      )
        await sleep(10);
      const search = index.search(queriesOf(data.random), { k: 1, signal: stop.signal });
      const aborted = expect(search).rejects.toMatchObject({ code: 'ERR_ABORTED' });
      while ((await waiting()).length < 4) await sleep(10);
      stop.abort();
      await aborted;
      expect(await waiting()).toEqual([]);
      await scene.server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid()`,
      );
      await held;
      expect((await index.search(queriesOf(data.random), { k: 1 })).labels[3]).toBe(3);
    });

    it('finishes calls in flight before it is disposed, also those that wait for a connection', async () => {
      await create('t_disposal', {}, [{ vectors: data.random }]);
      const index = await keep(PgVectorIndex.open({ url: scene.server.url(), table: 't_disposal', connections: 1 }));
      const searches = [0, 1, 2].map((i) => index.search(data.random.subarray(i * dim, (i + 1) * dim), { k: 1 }));
      const added = index.add(data.random.subarray(0, dim));
      await index.dispose();
      expect((await Promise.all(searches)).map(({ labels }) => labels[0])).toEqual([0, 1, 2]);
      expect(await added).toBe(rows);
    });
  },
);
