import { describe, expect, it } from 'vitest';

import { PG_DIM as dim, PgVectorScene } from '../support/pgvector-scene.js';
import { NO_POSTGRES } from '../support/postgres-server.js';
import { randomUnitRows } from '../support/random.js';

const vectors = randomUnitRows(40, dim, 1);
const valueIds = Array.from({ length: 40 }, (_, row) => `m${row % 3}$eng`);
const first = { vectors: vectors.subarray(0, 30 * dim), valueIds: valueIds.slice(0, 30) };
const second = { vectors: vectors.subarray(30 * dim), valueIds: valueIds.slice(30) };

describe.skipIf(NO_POSTGRES !== undefined)(
  `the table of an index, in the hands of its owner${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const scene = new PgVectorScene();
    const { create, reopen } = scene;
    const sql = (text: string): Promise<Record<string, unknown>[]> => scene.server.query(text);

    it.each([
      ['the same kind', {}],
      ['another metric and graph', { metric: 'ip', factory: 'HNSW8' }],
    ] as const)('keeps grants, views and other columns when it gets new vectors of %s', async (_, kind) => {
      await create('t_owned', { overwrite: true }, [first]);
      await sql('CREATE OR REPLACE VIEW v_owned AS SELECT label, embedding FROM t_owned');
      await sql('GRANT SELECT ON t_owned TO guarded; ALTER TABLE t_owned ADD COLUMN IF NOT EXISTS note text');
      const [before] = await sql(`SELECT 't_owned'::regclass::oid AS oid`);
      const index = await create('t_owned', { overwrite: true, source: 'second', ...kind }, [second]);
      expect((await index.search(vectors.subarray(30 * dim, 31 * dim), { k: 10 })).labels[0]).toBe(0);
      expect(await sql('SELECT count(*)::int AS count FROM v_owned')).toEqual([{ count: 10 }]);
      expect(await sql(`SELECT has_table_privilege('guarded', 't_owned', 'SELECT') AS can`)).toEqual([{ can: true }]);
      expect(await sql(`SELECT 't_owned'::regclass::oid AS oid`)).toEqual([before]);
      expect(await reopen('t_owned')).toMatchObject({ source: 'second', rows: 10, metric: 'l2', ...kind });
      const graphs = await sql(`SELECT 1 FROM pg_indexes WHERE tablename = 't_owned' AND indexdef ~ 'hnsw'`);
      expect(graphs).toHaveLength(1);
    });

    it('can have a neighbour with any name', async () => {
      await sql('CREATE TABLE t_free_loading (label integer)');
      await create('t_free', {}, [first]);
      await create('t_free', { overwrite: true }, [second]);
      expect((await reopen('t_free')).rows).toBe(10);
    });

    it('is refused after others have changed its rows, and accepted after add and remove', async () => {
      const index = await create('t_edited', { factory: 'HNSW16,SQfp16' }, [first]);
      await index.add(second.vectors, { valueIds: second.valueIds });
      await index.remove(Int32Array.of(3, 39));
      expect(await reopen('t_edited')).toMatchObject({ rows: 40, size: 38 });
      const refusal = async (change: string): Promise<unknown> => {
        await sql(change);
        return reopen('t_edited').catch((error: unknown) => error);
      };
      const saying = (text: string): unknown =>
        expect.objectContaining({ code: 'ERR_DATA', message: expect.stringContaining(text) as string });
      const [edit, undo] = ['m9', 'm1'].map((model) => `UPDATE t_edited SET model = '${model}' WHERE label = 4`);
      expect(await refusal(edit!)).toEqual(saying('changed by others: 1 edited or inserted; load them again'));
      await sql(undo!);
      await reopen('t_edited');
      expect(await refusal('UPDATE t_edited SET embedding = NULL WHERE label = 5')).toEqual(saying('1 edited'));
      expect(await refusal('DELETE FROM t_edited WHERE label IN (5, 6)')).toEqual(saying('2 deleted'));
      expect(await refusal('INSERT INTO t_edited (label) VALUES (41)')).toEqual(saying('3 deleted'));
      await create('t_edited', { factory: 'HNSW16,SQfp16', overwrite: true }, [first]);
      expect((await reopen('t_edited')).rows).toBe(30);
    });

    it('still works if an earlier release made it, without digests', async () => {
      await create('t_early', {}, [first]);
      await sql('ALTER TABLE t_early DROP COLUMN digest');
      const index = await reopen('t_early');
      expect(await index.add(second.vectors, { valueIds: second.valueIds })).toBe(30);
      expect(await index.remove(Int32Array.of(1))).toBe(1);
      expect(await reopen('t_early')).toMatchObject({ rows: 40, size: 39 });
      await create('t_early', { overwrite: true }, [second]);
      await sql(`UPDATE t_early SET lang = 'x' WHERE label = 1`);
      await expect(reopen('t_early')).rejects.toMatchObject({ code: 'ERR_DATA' });
    });
  },
);
