import { connect } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Limits } from '../../src/server/limits.js';
import { Server, type ServerOptions } from '../../src/server/start-server.js';
import { sendJson, type Answer } from '../support/served.js';
import { SlowEncoder } from '../support/slow-encoder.js';

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

async function start(encoder: SlowEncoder, options: { limits?: Partial<Limits>; batching?: ServerOptions['batching'] } = {}) {
  const lines: string[] = [];
  const server = await Server.start({ encoder, port: 0, log: { level: 'info', stream: { write: (line) => void lines.push(line) }, texts: false }, ...options });
  let stopped: Promise<void> | undefined;
  const stop = (settings?: Parameters<Server['stop']>[0]): Promise<void> => (stopped ??= server.stop(settings));
  onTestFinished(() => stop({ timeoutMs: 10 }));
  const embed = (input: string | string[], signal?: AbortSignal): Promise<Answer> =>
    signal ? fetch(`${server.url}/v1/embeddings`, { method: 'POST', signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ input }) }).then((response) => ({ status: response.status }) as Answer) : sendJson(server.url, 'POST', '/v1/embeddings', { input });
  return { url: server.url, stop, embed, lines };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe('limits', () => {
  it('answers 503 with Retry-After where too much waits for the encoder, and goes on afterwards', async () => {
    const encoder = new SlowEncoder();
    const { embed } = await start(encoder, { batching: { queueTokens: 6, batchTokens: 4, maxWaitMs: 0 } });
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const waiting = [embed('b'), embed('c')];
    await Promise.all([turn(), turn()]);
    let refused: Answer | undefined;
    while (refused?.status !== 503) refused = await Promise.race([embed('d'), ...waiting]);
    expect(refused.body.error).toMatchObject({ type: 'server_error', code: 'ERR_OVERLOADED' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const pump = setInterval(() => encoder.release(), 1);
    expect((await Promise.all([running, ...waiting])).map(({ status }) => status)).toEqual([200, 200, 200]);
    clearInterval(pump);
  });

  it('answers 503 where too many requests are worked on, but says how it is', async () => {
    const encoder = new SlowEncoder();
    const { embed, url } = await start(encoder, { limits: { requests: 2 } });
    const running = [embed('a'), embed('b')];
    await until(() => encoder.calls.flat().length === 2);
    expect(await embed('c')).toMatchObject({ status: 503, body: { error: { code: 'ERR_OVERLOADED' } } });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    encoder.release();
    await Promise.all(running);
    const pump = setInterval(() => encoder.release(), 1);
    expect((await embed('d')).status).toBe(200);
    clearInterval(pump);
  });

  it('limits bodies, texts and their number', async () => {
    const { embed, url } = await start(new SlowEncoder(0), { limits: { bodyBytes: 1000, texts: 3, textLength: 10 } });
    expect((await embed(['a', 'b', 'c'])).status).toBe(200);
    expect(await embed(['a', 'b', 'c', 'd'])).toMatchObject({ status: 400, body: { error: { code: 'ERR_ARG_RANGE' } } });
    expect(await embed('x'.repeat(11))).toMatchObject({ status: 400 });
    expect((await embed('😀'.repeat(10))).status).toBe(200);
    expect(await embed('x'.repeat(1000))).toMatchObject({ status: 413, body: { error: { code: 'body_too_large' } } });
    expect(await sendJson(url, 'POST', '/v1/identify', { texts: ['a'] })).toMatchObject({ status: 404, body: { error: { code: 'no_index' } } });
  });

  it('does not encode for a client that has gone', async () => {
    const encoder = new SlowEncoder();
    const { embed, lines } = await start(encoder, { batching: { maxWaitMs: 0 } });
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const client = new AbortController();
    const leaving = embed(['b', 'c'], client.signal).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.abort();
    expect(await leaving).toMatchObject({ name: 'AbortError' });
    await until(() => lines.some((line) => line.includes('"status":499')));
    encoder.release();
    expect((await running).status).toBe(200);
    const pump = setInterval(() => encoder.release(), 1);
    expect((await embed('d')).status).toBe(200);
    clearInterval(pump);
    expect(encoder.calls).toEqual([['a'], ['d']]);
  });

  it('reports a failure of the encoder without telling what is inside, and logs it', async () => {
    const { embed, lines } = await start(new SlowEncoder(0));
    const { status, body } = await embed('bad');
    expect([status, body.error!.code]).toEqual([500, 'ERR_INTERNAL']);
    expect(body.error!.message).not.toContain('bad text');
    expect(lines.join('')).toContain('a bad text');
  });
});

describe('Server.stop', () => {
  it('is unready first, then refuses, answers what it has, and frees the encoder', async () => {
    const encoder = new SlowEncoder();
    const { embed, stop, url } = await start(encoder);
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const stopping = stop({ delayMs: 100 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    const late = embed('b'); // within the delay: answered
    await until(() => encoder.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await expect(embed('c').then(({ status }) => (status === 503 ? Promise.reject(new Error('503')) : status))).rejects.toThrow(/fetch failed|503/);
    expect(encoder.disposed).toBe(false);
    const pump = setInterval(() => encoder.release(), 1);
    expect((await Promise.all([running, late])).map(({ status }) => status)).toEqual([200, 200]);
    await stopping;
    clearInterval(pump);
    expect(encoder.disposed).toBe(true);
  });

  it('cuts connections that do not end', async () => {
    const { stop, url } = await start(new SlowEncoder(0));
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await stop({ timeoutMs: 50 });
    await closed;
  });
});
