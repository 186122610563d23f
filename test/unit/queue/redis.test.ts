import { describe, expect, it } from 'vitest';

import { reachRedis, withoutSecrets } from '../../../src/queue/redis.js';

describe('withoutSecrets', () => {
  it('leaves out user and password', () => {
    expect(withoutSecrets('rediss://user:secret@host:6380/2?x=secret')).toBe('rediss://host:6380/2');
  });

  it.each(['', 'host:6379', 'http://host'])('rejects %o', (url) => {
    expect(() => withoutSecrets(url)).toThrow(expect.objectContaining({ code: 'ERR_ARG_RANGE' }) as Error);
  });
});

describe('reachRedis', () => {
  it('reports a server that does not answer, without its password', async () => {
    const failure = reachRedis('redis://:secret@127.0.0.1:1');
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_DEVICE_UNAVAILABLE',
      message: expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/) as string,
    });
  });
});
