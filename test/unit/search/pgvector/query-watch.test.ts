import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { QueryWatch } from '../../../../src/search/pgvector/query-watch.js';

describe('QueryWatch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says how long the server has been silent, not how long the query has run', async () => {
    let isSilent = false;
    const client = (): Client =>
      ({
        on: () => undefined,
        connect: () => (isSilent ? Promise.reject(new Error('timeout expired')) : Promise.resolve()),
        query: () => Promise.resolve({ rows: [{ state: 'idle in transaction', phase: null, blockers: null }] }),
        end: () => Promise.resolve(),
        connection: { stream: { destroy: () => undefined } },
      }) as unknown as Client;
    const notices: string[] = [];
    const onNotice = (text: string): unknown => notices.push(text);
    const onLost = vi.fn();
    const watch = new QueryWatch({ pid: 1, place: 'the database', connection: client, onNotice, onLost });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(notices).toEqual([]);
    isSilent = true;
    await vi.advanceTimersByTimeAsync(25_000);
    expect(notices).toEqual([
      'the database has not answered for 5 s (check 1 of 5)',
      'the database has not answered for 10 s (check 2 of 5)',
      'the database has not answered for 15 s (check 3 of 5)',
      'the database has not answered for 20 s (check 4 of 5)',
    ]);
    expect(onLost.mock.calls).toEqual([['the server has not answered for 25 s']]);
    watch.stop();
  });
});
