import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Limits } from '../../src/server/limits.js';
import { Server, type ServerOptions } from '../../src/server/start-server.js';
import { type Answer, sendJson } from '../support/served.js';
import { SlowEncoder } from '../support/slow-encoder.js';

async function start(
  encoder: SlowEncoder,
  options: { limits?: Partial<Limits>; batching?: ServerOptions['batching'] } = {},
) {
  const lines: string[] = [];
  const server = await Server.start({
    source: encoder,
    port: 0,
    log: { level: 'info', stream: { write: (line) => void lines.push(line) }, texts: false },
    ...options,
  });
  let stopped: Promise<void> | undefined;
  const stop = (settings?: Parameters<Server['stop']>[0]): Promise<void> => (stopped ??= server.stop(settings));
  onTestFinished(() => {
    encoder.free();
    return stop({ timeoutMs: 10 });
  });
  const { url } = server;
  const embed = (input: string | string[]): Promise<Answer> => sendJson(url, 'POST', '/v1/embeddings', { input });
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (.*)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())![1]);
  return { url, stop, embed, lines, metric };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('limits', () => {
  it('answers 503 with Retry-After if too much waits for the encoder, and then recovers', async () => {
    const encoder = new SlowEncoder();
    const { embed, metric } = await start(encoder, { batching: { queueTokens: 6, batchTokens: 4, maxWaitMs: 0 } });
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const waiting = [embed('b'), embed('c')]; // three tokens each, by the estimate
    await until(async () => (await metric('univar_encode_waiting_tokens')) === 6);
    const refused = await embed('d');
    expect(refused).toMatchObject({ status: 503, body: { error: { type: 'server_error', code: 'ERR_OVERLOADED' } } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    encoder.free();
    expect((await Promise.all([running, ...waiting])).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await embed('d')).status).toBe(200);
  });

  it('neither waits for nor counts the bodies of requests that no route takes', async () => {
    const encoder = new SlowEncoder();
    encoder.free();
    const { embed, url } = await start(encoder, { limits: { requests: 1 } });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.write(
      'POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404/);
    expect((await embed('a')).status).toBe(200);
  });

  it('closes the connection after a request to switch protocols', async () => {
    const encoder = new SlowEncoder();
    const { url } = await start(encoder);
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    const upgrade = 'Connection: upgrade\r\nUpgrade: h2c\r\n\r\n';
    socket.write(`GET /v1/models HTTP/1.1\r\nHost: localhost\r\n${upgrade}`);
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200[^]*connection: close/i);
    socket.write('GET %ff HTTP/1.1\r\n\r\n');
    await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
  });

  it('answers 503 if too many requests are in progress, but still reports its health', async () => {
    const encoder = new SlowEncoder();
    const { embed, url, metric } = await start(encoder, { limits: { requests: 2 } });
    const running = [embed('a'), embed('b')];
    // 3 with the request for the metrics
    await until(async () => (await metric('univar_http_requests_in_flight')) === 3);
    expect(await embed('c')).toMatchObject({ status: 503, body: { error: { code: 'ERR_OVERLOADED' } } });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    encoder.free();
    await Promise.all(running);
    await until(async () => (await metric('univar_http_requests_in_flight')) === 1);
    expect((await embed('d')).status).toBe(200);
  });

  it('limits bodies, texts and their number', async () => {
    const { embed, url } = await start(new SlowEncoder(0), { limits: { bodyBytes: 1000, texts: 3, textLength: 10 } });
    expect((await embed(['a', 'b', 'c'])).status).toBe(200);
    expect(await embed(['a', 'b', 'c', 'd'])).toMatchObject({
      status: 400,
      body: { error: { code: 'ERR_ARG_RANGE' } },
    });
    expect(await embed('x'.repeat(11))).toMatchObject({ status: 400 });
    expect((await embed('😀'.repeat(5))).status).toBe(200); // two UTF-16 units each
    expect(await embed('x'.repeat(1000))).toMatchObject({ status: 413, body: { error: { code: 'body_too_large' } } });
    expect(await sendJson(url, 'POST', '/v1/identify', { texts: ['a'] })).toMatchObject({
      status: 404,
      body: { error: { code: 'no_index' } },
    });
  });

  it('reads only what it can hold, gives it back, and always has room for small requests', async () => {
    const { embed, url } = await start(new SlowEncoder(0), { limits: { bytesInFlight: 300_000, texts: 10 } });
    const large = ['x'.repeat(30_000), ...Array<string>(9).fill('y'.repeat(30_000))];
    const held = connect(Number(new URL(url).port), '127.0.0.1');
    held.on('error', () => undefined);
    const text = `{"input":"${'x'.repeat(190_000)}`;
    held.write(
      'POST /v1/embeddings HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 299000\r\n\r\n',
    );
    held.write(text);
    const isFull = async () => (await embed(large)).status === 503;
    await until(isFull);
    const refused = await embed(large);
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'ERR_OVERLOADED' } } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await embed('small')).status).toBe(200);
    held.destroy();
    await until(async () => !(await isFull()));
  });

  it('refuses bodies with more values than a route can take, before it parses them', async () => {
    const { url } = await start(new SlowEncoder(0));
    const send = async (path: string, body: string, method = 'POST') => {
      const { status, body: answer } = await sendJson(url, method, path, body);
      return [status, answer.error!.message];
    };
    expect(await send('/v1/embeddings', `{"input":"a","x":[${'{},'.repeat(100_000)}1]}`)).toEqual([
      400,
      expect.stringMatching(/at most 131072 values.*octet-stream/),
    ]);
    const keys = Array.from({ length: 40_000 }, (_, i) => `"${i}":1`).join();
    expect(await send('/v1/embeddings', `{${keys}}`)).toEqual([
      400,
      expect.stringMatching(/at most \d+ keys and strings/),
    ]);
    expect(await send('/v1/embeddings', '['.repeat(1000))).toEqual([
      400,
      expect.stringMatching(/at most 8 levels of nested arrays/),
    ]);
    expect((await send('/v1/admin/reload', `{${' '.repeat(1100)}}`))[0]).toBe(413);
    expect((await send('/v1/index', `{"rows":[${'1,'.repeat(60_000)}1]}`, 'DELETE'))[0]).toBe(413);
  });

  it('refuses a response that would be too large, and says how to ask for less', async () => {
    const { embed } = await start(new SlowEncoder(0), { limits: { responseBytes: 10_000 } });
    expect((await embed(Array<string>(50).fill('a'))).status).toBe(200);
    const { status, body } = await embed(Array<string>(500).fill('a'));
    expect([status, body.error!.code]).toEqual([413, 'response_too_large']);
    expect(body.error!.message).toMatch(/more than 10000 bytes; send fewer texts .* base64/);
  });

  it('cuts off a client that does not read, and has room for others again', async () => {
    const texts = 200_000; // a response larger than the buffers of the connection
    const { embed, url, metric } = await start(new SlowEncoder(0), {
      limits: { texts, writeMs: 200 },
      batching: { queueTokens: 1e9, batchTokens: 1e9 },
    });
    const body = JSON.stringify({ input: Array<string>(texts).fill('a') });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('error', resolve).once('close', resolve));
    socket.pause();
    socket.write(
      'POST /v1/embeddings HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(async () => (await metric('univar_http_bytes_in_flight')) > 10_000_000);
    await until(async () => (await metric('univar_http_bytes_in_flight')) === 0);
    expect((await embed('a')).status).toBe(200);
    socket.resume();
    await closed;
  });

  it('does not encode for a client that has disconnected', async () => {
    const encoder = new SlowEncoder();
    const { embed, lines, metric, url } = await start(encoder, { batching: { maxWaitMs: 0 } });
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const client = new AbortController();
    const leaving = fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      signal: client.signal,
      headers: { 'content-type': 'application/json' },
      body: '{"input": ["b", "c"]}',
    });
    const left = leaving.catch((error: unknown) => error);
    await until(async () => (await metric('univar_encode_waiting_tokens')) > 0);
    client.abort();
    expect(await left).toMatchObject({ name: 'AbortError' });
    await until(async () => (await metric('univar_encode_waiting_tokens')) === 0);
    encoder.free();
    expect((await running).status).toBe(200);
    expect((await embed('d')).status).toBe(200);
    expect(encoder.calls).toEqual([['a'], ['d']]);
    expect(lines.filter((line) => line.includes('"status":499'))).toHaveLength(1);
  });

  it('reports a failure of the encoder without internal details, and logs it', async () => {
    const { embed, lines } = await start(new SlowEncoder(0));
    const { status, body } = await embed('bad');
    expect([status, body.error!.code]).toEqual([500, 'ERR_INTERNAL']);
    expect(body.error!.message).not.toContain('bad text');
    expect(lines.join('')).toContain('a bad text');
  });
});

describe('Server.stop', () => {
  it('is unready first, then rejects requests, answers accepted ones, and frees the encoder', async () => {
    const encoder = new SlowEncoder();
    const { embed, stop, url, metric } = await start(encoder);
    const running = embed('a');
    await until(() => encoder.calls.length === 1);
    const stopping = stop({ delayMs: 1000 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    const late = embed('b'); // within the delay
    await until(async () => (await metric('univar_encode_waiting_tokens')) > 0);
    await until(async () => {
      const answer = await fetch(`${url}/v1/models`).catch(() => undefined);
      return answer?.status !== 200;
    });
    expect(encoder.disposed).toBe(false);
    encoder.free();
    expect((await Promise.all([running, late])).map(({ status }) => status)).toEqual([200, 200]);
    await stopping;
    expect(encoder.disposed).toBe(true);
  });

  it.each([
    ['headers', 'POST /v1/embeddings HTTP/1.1\r\nHost: [::1]\r\nContent-Ty'],
    [
      'a body',
      'POST /v1/embeddings HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ],
  ])('does not wait for the rest of %s', async (_, begin) => {
    const { stop, url } = await start(new SlowEncoder(0));
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(begin);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await stop({ timeoutMs: 1_000_000 });
    await closed;
  });
});
