import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { type LinkState, QueryWatch } from '../../../../src/search/pgvector/query-watch.js';

/** A server with one process, or none, that tells its state unless it is silent. */
class FakeServer {
  isSilent = false;
  state: object | undefined = { state: 'idle in transaction', wait: 'Client', phase: null, blockers: null };
  readonly link: LinkState = { waits: true, bytes: 0, isDirect: true };
  readonly notices: string[] = [];
  readonly onLost = vi.fn();

  watch(): QueryWatch {
    return new QueryWatch({
      pid: 1,
      place: 'the database',
      connection: () => this.#client(),
      link: () => ({ ...this.link }),
      onNotice: (text) => this.notices.push(text),
      onLost: this.onLost,
    });
  }

  #client(): Client {
    return {
      on: () => undefined,
      connect: () => (this.isSilent ? Promise.reject(new Error('timeout expired')) : Promise.resolve()),
      query: () => Promise.resolve({ rows: this.state ? [this.state] : [] }),
      end: () => Promise.resolve(),
      connection: { stream: { destroy: () => undefined } },
    } as unknown as Client;
  }
}

describe('QueryWatch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says how long the server has been silent, not how long the query has run', async () => {
    const server = new FakeServer();
    server.link.waits = false;
    const watch = server.watch();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(server.notices).toEqual([]);
    server.isSilent = true;
    await vi.advanceTimersByTimeAsync(25_000);
    expect(server.notices).toEqual([
      'the database has not answered for 5 s (check 1 of 5)',
      'the database has not answered for 10 s (check 2 of 5)',
      'the database has not answered for 15 s (check 3 of 5)',
      'the database has not answered for 20 s (check 4 of 5)',
    ]);
    expect(server.onLost.mock.calls).toEqual([['the server has not answered for 25 s']]);
    watch.stop();
  });

  it.each([
    ['waits for a query', {}],
    ['has gone', { state: undefined }],
  ])('gives a connection up whose process %s while we wait for a result', async (_, change) => {
    const server = Object.assign(new FakeServer(), change);
    const watch = server.watch();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.onLost).toHaveBeenCalledOnce();
    watch.stop();
  });

  it.each<[string, (server: FakeServer) => unknown]>([
    ['we do not wait for it', ({ link }) => (link.waits = false)],
    ['data are on the way', ({ link }) => link.bytes++],
    ['it computes', (server) => (server.state = { state: 'active', wait: 'IO', phase: null, blockers: null })],
    ['a pooler hides its process', (server) => [(server.state = undefined), (server.link.isDirect = false)]],
  ])('leaves a connection alone if %s', async (_, change) => {
    const server = new FakeServer();
    const watch = server.watch();
    for (let second = 0; second < 600; second++) {
      change(server);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(server.onLost).not.toHaveBeenCalled();
    watch.stop();
  });
});
