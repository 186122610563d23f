import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { reachRedis } from '../../src/queue/redis.js';
import { RedisLink } from '../../src/queue/redis-link.js';
import { NO_REDIS, RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

describe.skipIf(NO_REDIS !== undefined)(
  `a connection to Redis${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'univar-redis-link-'));
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await RedisServer.start(folder);
    });
    afterAll(async () => {
      await redis.kill();
      rmSync(folder, { recursive: true });
    });

    it('tells the user, once each, that the server is silent and that it answers again', async () => {
      const proxy = await TcpProxy.start({ port: redis.port, host: '127.0.0.1' });
      const connection = await reachRedis(`redis://127.0.0.1:${proxy.port}`);
      const notices: string[] = [];
      const link = await RedisLink.open({ connection, firstSilenceMs: 1500, onNotice: (text) => notices.push(text) });
      await expect.poll(() => link.redis.status, { timeout: 3000 }).toBe('ready');
      proxy.mode = 'cut';
      await expect.poll(() => notices, { timeout: 5000 }).toHaveLength(1);
      proxy.mode = 'pass';
      await expect.poll(() => notices, { timeout: 5000 }).toHaveLength(2);
      expect(notices).toEqual([
        expect.stringMatching(
          /^Redis at redis:\/\/127\.0\.0\.1:\d+ has not answered for \d s.*; waiting until it does$/,
        ),
        expect.stringMatching(/ answers again, after \d s$/),
      ]);
      link.close();
      await proxy.close();
    });

    it('ends at the signal while the server does not reply', async () => {
      const proxy = await TcpProxy.start();
      const stop = new AbortController();
      const reaching = reachRedis(`redis://127.0.0.1:${proxy.port}`, stop.signal);
      setTimeout(() => stop.abort(), 50);
      await expect(reaching).rejects.toMatchObject({ code: 'ERR_ABORTED' });
      await proxy.close();
    });

    it('says what to do about a password instead of quoting the server', async () => {
      const client = new Redis(redis.url);
      await client.config('SET', 'requirepass', 's3cret');
      const failing = (url: string): Promise<unknown> =>
        reachRedis(url).then(
          () => undefined,
          (error: unknown) => (error as Error).message,
        );
      const at = redis.url.replace('redis://', '');
      expect(await failing(redis.url)).toBe(
        `Redis at ${redis.url} does not answer: it requires a password, but the URL has none: ` +
          'redis://:PASSWORD@host, or redis://USER:PASSWORD@host',
      );
      expect(await failing(`redis://:wr0ng@${at}`)).toBe(
        `Redis at ${redis.url} does not answer: the user name or the password in the URL is wrong`,
      );
      expect(await failing(`redis://:s3cret@${at}`)).toBeUndefined();
      await client.config('SET', 'requirepass', '');
      client.disconnect();
    });
  },
);
