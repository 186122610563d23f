import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { makeServedDataset, type RunningServer, startServe } from '../support/served.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-serve-hostile-'));
const ends: (() => Promise<unknown>)[] = [];
let server: RunningServer;
beforeAll(async () => {
  const { dir } = await makeServedDataset(scratch);
  server = await startServe(['--index', dir, '--max-body', '1'], (end) => ends.push(end));
});
afterEach(async () => {
  // After every test, the process runs, is ready, and has had no internal error.
  expect(server.child.exitCode).toBeNull();
  expect((await server.send('GET', '/readyz')).status).toBe(200);
  expect(server.log()).not.toMatch(/"level":[56]0/);
});
afterAll(async () => {
  for (const end of ends) await end();
  rmSync(scratch, { recursive: true });
});

const ROUTES = [
  ['POST', '/v1/embeddings'],
  ['POST', '/v1/identify'],
  ['POST', '/v1/search'],
  ['POST', '/v1/index'],
  ['DELETE', '/v1/index'],
  ['POST', '/v1/admin/reload'],
] as const;
const route = fc.constantFrom(...ROUTES);
const RUNS = { numRuns: 150 };

/** Expects that a body is rejected in the format of errors. */
async function expectRefusal(
  method: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const answer = await server.send(method, path, body, headers);
  expect(answer.status, `${method} ${path} ${body.slice(0, 200)}`).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body.error).toMatchObject({
    message: expect.any(String) as string,
    type: 'invalid_request_error',
    code: expect.any(String) as string,
  });
}

const awkward = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 31,
    {},
    [],
    [[]],
    [null],
    [{}],
    [[[]]],
    { length: 3 },
    '\ud800',
    '\0',
  ),
);
/** Bodies with the right keys and at least one wrong value. */
const nearlyRight = fc.oneof(
  fc.tuple(
    fc.constantFrom('POST /v1/identify', 'POST /v1/search'),
    fc.record({
      texts: fc.constant(['w1']),
      k: fc.oneof(fc.constantFrom<unknown>(0, -1, 1.5, 1e9, '3', null, [1], {}, 2 ** 60)),
    }),
  ),
  fc.tuple(
    fc.constantFrom('POST /v1/identify', 'POST /v1/search'),
    fc.record({
      texts: fc.oneof(
        fc.array(
          awkward.filter((value) => typeof value !== 'string' || value === ''),
          { maxLength: 4 },
        ),
        fc.object(),
        fc.string(),
      ),
    }),
  ),
  fc.tuple(
    fc.constantFrom('POST /v1/identify', 'POST /v1/search'),
    fc.record({
      vectors: fc.oneof(
        fc.array(
          fc.array(fc.oneof(fc.double(), awkward), { maxLength: 70 }).filter(({ length }) => length !== 64),
          { minLength: 1, maxLength: 3 },
        ),
        awkward,
      ),
    }),
  ),
  fc.tuple(
    fc.constantFrom('POST /v1/identify', 'POST /v1/search'),
    fc.record({ vectors: fc.array(fc.constant([...Array<number>(63).fill(0), 1e39]), { minLength: 1, maxLength: 2 }) }),
  ),
  fc.tuple(
    fc.constant('POST /v1/embeddings'),
    fc.record({
      input: fc.oneof(
        fc.array(
          awkward.filter((value) => typeof value !== 'string' || value === ''),
          { maxLength: 3 },
        ),
        fc.object(),
        fc.integer(),
      ),
      encoding_format: awkward,
    }),
  ),
  fc.tuple(
    fc.constant('POST /v1/index'),
    fc.record({
      records: fc.array(
        fc.record(
          { qid: awkward, question: awkward, answer: fc.constant(7), model: awkward, lang: awkward },
          { requiredKeys: ['answer'] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  ),
  fc.tuple(
    fc.constant('DELETE /v1/index'),
    fc.record({
      rows: fc.oneof(
        fc.array(
          fc.oneof(
            fc.integer({ max: -1 }),
            fc.double({ noInteger: true }),
            fc.constantFrom<unknown>('1', null, 2 ** 40),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.constant([]),
        fc.integer(),
      ),
    }),
  ),
);

describe('hostile bodies', () => {
  it('are rejected if they are not JSON', async () => {
    await fc.assert(
      fc.asyncProperty(
        route,
        fc.oneof(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.json().map((json) => json.slice(0, -1) || '{'),
          fc.json().map((json) => `${json},`),
        ),
        async ([method, path], body) => {
          fc.pre(body.trim() !== '{}');
          await expectRefusal(method, path, body);
        },
      ),
      RUNS,
    );
  });

  it('are rejected if they are arbitrary JSON', async () => {
    await fc.assert(
      fc.asyncProperty(
        route,
        fc.jsonValue().filter((value) => JSON.stringify(value) !== '{}'),
        ([method, path], value) => expectRefusal(method, path, JSON.stringify(value)),
      ),
      RUNS,
    );
  });

  it('are rejected if they are almost valid', async () => {
    await fc.assert(
      fc.asyncProperty(nearlyRight, async ([target, body]) => {
        const [method, path] = target.split(' ') as [string, string];
        await expectRefusal(method, path, JSON.stringify(body));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['deep arrays', '['.repeat(200_000)],
    ['deep arrays that end', `{"texts": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number of many digits', `{"texts": ["a"], "k": ${'9'.repeat(100_000)}}`],
    ['a number beyond double', '{"vectors": [[1e99999]]}'],
    ['__proto__', '{"texts": ["w1"], "__proto__": {"k": 1}}'],
    ['__proto__ in escapes', '{"texts": ["w1"], "\\u005f_proto__": {"k": 1}}'],
    ['constructor.prototype', '{"texts": ["w1"], "constructor": {"prototype": {"k": 1}}}'],
    ['__proto__ within', '{"texts": [{"question": "a", "answer": "b", "__proto__": {}}]}'],
    ['a key of many characters', `{"${'k'.repeat(500_000)}": 1}`],
    ['many keys', `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
    ['more than the limit', JSON.stringify({ texts: ['x'.repeat(2 ** 20)] })],
    ['NaN', '{"vectors": [[NaN]]}'],
  ])('are rejected: %s', async (_, body) => {
    for (const path of ['/v1/identify', '/v1/search', '/v1/index', '/v1/admin/reload'])
      await expectRefusal('POST', path, body);
    expect(({} as Record<string, unknown>)['k']).toBeUndefined();
  });

  it('are rejected with the reason', async () => {
    const reason = async (body: string | Uint8Array) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/v1/identify`, { method: 'POST', headers, body });
      return ((await response.json()) as { error: { message: string } }).error.message;
    };
    expect(await reason('{"texts": ["w1"], "__proto__": {"k": 1}}')).toMatch(/additional properties: "__proto__"/);
    expect(await reason('{"texts": ["w1"},')).toMatch(/not valid JSON at position 15/);
    expect(await reason(Buffer.from('{"texts": ["caf\xe9"]}', 'latin1'))).toMatch(/UTF-8/);
    const unknown = await server.post('/v1/embeddings', { input: 'w1', inputs: 'w2', user: 'u' });
    expect(unknown.body.error!.message).toMatch(/additional properties: "inputs"/);
  });

  it('are rejected with a wrong content type', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/json/x',
      'application/jsonp',
      '',
      'json',
    ]) {
      await expectRefusal('POST', '/v1/identify', '{"texts": ["w1"]}', { 'content-type': type });
    }
    const form = new FormData();
    form.set('texts', 'w1');
    expect((await fetch(`${server.url}/v1/identify`, { method: 'POST', body: form })).status).toBe(415);
    expect((await fetch(`${server.url}/v1/identify`, { method: 'POST' })).status).toBe(400);
  });
});

describe('hostile texts', () => {
  it('are identified like any other', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            text,
            fc.record({ question: text, answer: text }),
            fc.constantFrom('\ud800', '\0', ' ', '\u202e', '[CLS]', '<script>'),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        async (texts) => {
          const { status, body } = await server.post('/v1/identify', { texts, k: 3 });
          expect([status, body.error]).toEqual([200, undefined]);
          expect((body['results'] as unknown as unknown[]).length).toBe(texts.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an invalid HTTP request', () => {
  it.each([
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^(HTTP\/1\.1 4|$)/],
    ['a bad method', 'FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1\.1 4/],
    [
      'two lengths',
      'POST /v1/identify HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      /^HTTP\/1\.1 400/,
    ],
    [
      'length and chunks',
      'POST /v1/identify HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431/,
    ],
    ['a bad path', 'GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400.*"error":/s],
    [
      'a long path',
      `GET /${'a/'.repeat(4000)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      /^HTTP\/1\.1 4/,
    ],
    [
      'no host',
      'GET /v1/index HTTP/1.1\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400.*"error":.*"Host\\", got none/s,
    ],
    [
      'two hosts',
      'GET /v1/index HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 400.*"error":.*"Host\\", got 2/s,
    ],
    [
      'a name of another server',
      'GET /healthz HTTP/1.1\r\nHost: evil.example:8101\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 421.*"error":.*--allowed-host evil\.example/s,
    ],
    [
      'an expectation that nobody knows',
      'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404.*"error":/s,
    ],
    [
      'half a body',
      'POST /v1/identify HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"te',
      /^/,
    ],
  ])('is rejected: %s', async (_, bytes, says) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.end(Buffer.from(bytes, 'latin1'));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(says);
  });
});
