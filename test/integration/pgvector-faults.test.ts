import { describe, expect, it } from 'vitest';

import { PgVectorIndex } from '../../src/pgvector.js';
import { PG_DIM as dim, PgVectorScene } from '../support/pgvector-scene.js';
import { GUARDED, NO_POSTGRES } from '../support/postgres-server.js';
import { randomUnitRows } from '../support/random.js';

const vectors = randomUnitRows(2, dim, 1);

describe.skipIf(NO_POSTGRES !== undefined)(
  `PgVectorIndex${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const scene = new PgVectorScene();
    const { keep, create } = scene;

    it('reports faults of a server, a database and a table', async () => {
      const { user, password } = GUARDED;
      const at = scene.server.url().replace('postgres://postgres@', '');
      const guarded = (secret: string): string => `postgres://${user}:${encodeURIComponent(secret)}@${at}`;
      const opening = (url: string, table = 't_wrong'): Promise<PgVectorIndex> =>
        keep(PgVectorIndex.open({ url, table }));

      const refused = await opening(guarded('wr0ng')).catch((error: unknown) => error as Error);
      expect(refused).toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringMatching(
          /^Cannot connect to the database "postgres" at .*password authentication failed for user "guarded"$/,
        ) as string,
      });
      expect(String((refused as Error).stack)).not.toContain('wr0ng');
      await expect(opening(`postgres://${user}@${at}`)).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringContaining('the server requires a password, but none is set') as string,
      });
      await expect(opening(guarded(password))).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('The table "t_wrong" does not exist in the database "postgres"') as string,
      });
      await expect(opening(scene.server.url({ database: 'nowhere' }))).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringContaining('"nowhere" does not exist') as string,
      });
      await expect(opening('postgres://127.0.0.1:1/x')).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringContaining('ECONNREFUSED') as string,
      });

      await scene.server.query('CREATE TABLE t_foreign (label integer)');
      await expect(opening(scene.server.url(), 't_foreign')).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('is not a univar index') as string,
      });
      await expect(create('t_foreign', { overwrite: true })).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining('is not a univar index') as string,
      });
      expect(await scene.server.query('SELECT * FROM t_foreign')).toEqual([]);

      const index = await create('t_gone', {}, [{ vectors: vectors.subarray(0, dim) }]);
      await create('t_gone', { overwrite: true, dim: 2 }, [{ vectors: vectors.subarray(0, dim) }]);
      await expect(index.search(vectors.subarray(0, dim), { k: 1 })).rejects.toMatchObject({
        code: 'ERR_SHAPE_MISMATCH',
        message: expect.stringContaining('search the table "t_gone"') as string,
      });
      await scene.server.query('DROP TABLE t_gone');
      await expect(index.search(vectors.subarray(0, dim), { k: 1 })).rejects.toMatchObject({ code: 'ERR_DATA' });
      await index.dispose();
      await expect(index.search(vectors.subarray(0, dim), { k: 1 })).rejects.toMatchObject({
        code: 'ERR_DISPOSED',
      });
    });

    it('reports that pgvector is missing or too old', async () => {
      await scene.server.query('CREATE DATABASE bare');
      await scene.server.query('REVOKE CREATE ON DATABASE bare FROM PUBLIC');
      const place = scene.server.url({ database: 'bare' }).replace('postgres://postgres@', '');
      const url = `postgres://${GUARDED.user}:${encodeURIComponent(GUARDED.password)}@${place}`;
      await expect(create('t_bare', { url })).rejects.toMatchObject({
        code: 'ERR_DEVICE_UNAVAILABLE',
        message: expect.stringMatching(
          /pgvector is not available in the database "bare" .*permission denied.*CREATE EXTENSION vector/,
        ) as string,
      });
      await scene.server.query(
        `CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'`,
        'bare',
      );
      await expect(create('t_bare', { url })).rejects.toMatchObject({
        code: 'ERR_DEVICE_UNAVAILABLE',
        message: expect.stringContaining('pgvector 0.7.4 in the database "bare"') as string,
      });
    });
  },
);
