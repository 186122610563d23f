import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { PgVectorIndex } from '../../src/pgvector.js';
import { PG_DIM as dim, PgVectorScene } from '../support/pgvector-scene.js';
import { NO_POSTGRES } from '../support/postgres-server.js';
import { randomUnitRows } from '../support/random.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const vectors = randomUnitRows(2, dim, 1);

describe.skipIf(NO_POSTGRES !== undefined)(
  `PostgreSQL that does not answer${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const scene = new PgVectorScene();
    let proxy: TcpProxy | undefined;
    afterEach(async () => {
      await proxy?.close();
      proxy = undefined;
    });
    const url = (): string => `postgres://postgres@127.0.0.1:${proxy!.port}/postgres`;
    const secondsUntil = async (work: Promise<unknown>): Promise<number> => {
      const start = performance.now();
      await work;
      return (performance.now() - start) / 1000;
    };

    it('is given up after a few seconds if it accepts a connection and never replies', async () => {
      proxy = await TcpProxy.start();
      const opening = PgVectorIndex.open({ url: url() });
      const failing = expect(opening).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringMatching(
          /^Cannot connect to .*: the server accepts connections, but does not reply$/,
        ) as string,
      });
      expect(await secondsUntil(failing)).toBeLessThan(10);
    });

    it('leaves nothing behind if the caller aborts while it connects', async () => {
      proxy = await TcpProxy.start();
      const stop = new AbortController();
      const opening = expect(PgVectorIndex.open({ url: url(), signal: stop.signal })).rejects.toMatchObject({
        code: 'ERR_ABORTED',
      });
      setTimeout(() => stop.abort(), 200);
      expect(await secondsUntil(opening)).toBeLessThan(2);
      await expect.poll(() => proxy!.connections, { timeout: 1000 }).toBe(0);
    });

    it('is given up after half a minute, with notices before, if it is lost during a search', async () => {
      await scene.create('t_lost', {}, [{ vectors }]);
      proxy = await TcpProxy.start({ path: scene.server.socket });
      const notices: string[] = [];
      const onNotice = (text: string): unknown => notices.push(text);
      const index = await scene.keep(PgVectorIndex.open({ url: url(), table: 't_lost', onNotice }));
      proxy.mode = 'swallow';
      const failing = expect(index.search(vectors, { k: 1 })).rejects.toMatchObject({
        code: 'ERR_REMOTE',
        message: expect.stringMatching(
          /^Cannot search the table "t_lost" of .*: the server has not answered for \d+ s$/,
        ) as string,
      });
      expect(await secondsUntil(failing)).toBeLessThan(40);
      expect(notices[0]).toMatch(/^the database "postgres" at .* has not answered for [5-9] s \(check 1 of 5\)$/);

      proxy.mode = 'pass';
      expect((await index.search(vectors.subarray(0, dim), { k: 1 })).labels[0]).toBe(0);
      proxy.mode = 'swallow';
      const stop = new AbortController();
      const aborted = expect(index.search(vectors, { k: 1, signal: stop.signal })).rejects.toMatchObject({
        code: 'ERR_ABORTED',
      });
      await sleep(200);
      stop.abort();
      expect(await secondsUntil(aborted)).toBeLessThan(4);
      expect(await secondsUntil(index.dispose())).toBeLessThan(2);
    });

    it('is given up as well if only the connection of a search was lost; the next one opens another', async () => {
      await scene.create('t_half', {}, [{ vectors }]);
      proxy = await TcpProxy.start({ path: scene.server.socket });
      const index = await scene.keep(PgVectorIndex.open({ url: url(), table: 't_half' }));
      await index.search(vectors, { k: 1 });
      proxy.mode = 'swallow';
      const failing = expect(index.search(vectors, { k: 1 })).rejects.toMatchObject({ code: 'ERR_REMOTE' });
      await sleep(200);
      proxy.mode = 'pass';
      expect(await secondsUntil(failing)).toBeLessThan(40);
      expect((await index.search(vectors.subarray(0, dim), { k: 1 })).labels[0]).toBe(0);
    });

    it('tells which session holds the lock that a query waits for', async () => {
      const notices: string[] = [];
      const index = await scene.create('t_held', { onNotice: (text) => notices.push(text) }, [{ vectors }]);
      const holder = scene.server.query('BEGIN; LOCK TABLE t_held; SELECT pg_sleep(8)');
      await sleep(500);
      expect((await index.search(vectors.subarray(0, dim), { k: 1 })).labels[0]).toBe(0);
      await holder;
      expect(notices[0]).toMatch(/waiting for a lock that another session holds, process \d+/);
    });
  },
);
