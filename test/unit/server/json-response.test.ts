import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { ByteBudget } from '../../../src/server/byte-budget.js';
import { type Streamed, sendJson, writeJson } from '../../../src/server/json-response.js';
import { DEFAULT_LIMITS } from '../../../src/server/limits.js';

async function* listed<T>(entries: readonly T[]): AsyncGenerator<T> {
  for (const entry of entries) yield await Promise.resolve(entry);
}

const write = async <T>(
  value: Streamed<T>,
  { responseBytes = 1e9, inFlight = 1e9, gone = new AbortController() } = {},
) => {
  const request = { held: new ByteBudget(inFlight).open(), gone: gone.signal } as unknown as FastifyRequest;
  return Buffer.concat(await writeJson<T>(value, request, { ...DEFAULT_LIMITS, responseBytes })).toString();
};

interface Answer {
  k: number;
  matching?: number | undefined;
  results: { name: string; neighbours: { row: number }[] }[];
}

const results = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `ä"${i}`, neighbours: [{ row: i }, { row: i + 1 }] }));
const streamed = (count: number): Streamed<Answer> => ({
  k: 2,
  matching: undefined,
  results: listed(results(count).map(({ name, neighbours }) => ({ name, neighbours: listed(neighbours) }))),
});

describe('writeJson', () => {
  it.each([0, 1, 5000])('writes what JSON.stringify writes: %s results', async (count) => {
    expect(await write<Answer>(streamed(count))).toBe(JSON.stringify({ k: 2, results: results(count) }));
  });

  it('stops as soon as the response is too large, for itself or for the server, or nobody waits for it', async () => {
    let read = 0;
    async function* endless() {
      for (;;) yield await Promise.resolve({ row: read++ });
    }
    const refused = write<{ row: number }[]>(endless(), { responseBytes: 100_000 });
    await expect(refused).rejects.toMatchObject({ code: 'response_too_large', statusCode: 413 });
    await expect(refused).rejects.toThrow(/100000 bytes; send fewer/);
    expect(read).toBeLessThan(20_000);
    await expect(write(endless(), { inFlight: 200_000 })).rejects.toMatchObject({ code: 'ERR_OVERLOADED' });
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 5);
    await expect(write(endless(), { gone })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('sendJson', () => {
  it('leaves no timer for a client that has already left, which would keep the process running', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const raw = new ServerResponse(new IncomingMessage(new Socket()));
    const reply = { raw, header: () => reply, send: () => reply } as unknown as FastifyReply;
    sendJson(reply, [Buffer.from('{}')], DEFAULT_LIMITS);
    expect(vi.getTimerCount()).toBe(1);
    raw.destroy();
    raw.emit('close');
    sendJson(reply, [Buffer.from('{}')], DEFAULT_LIMITS);
    expect(vi.getTimerCount()).toBe(0);
  });
});
