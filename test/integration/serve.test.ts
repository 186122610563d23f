import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatQa } from '../../src/core/question-answer.js';
import { vectorsToBase64 } from '../../src/core/vector-base64.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { CHANGES_FILE } from '../../src/datasets/live/live-collection.js';
import { runCli } from '../support/cli.js';
import { makeServedDataset, type RunningServer, type ServedDataset, startServe } from '../support/served.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-serve-'));
let served: ServedDataset;
let embeddings: Float32Array;
let dim: number;
const ends: (() => Promise<unknown>)[] = [];
let server: RunningServer;

beforeAll(async () => {
  served = await makeServedDataset(scratch);
  const dataset = await openDataset(served.dir);
  ({ dim } = dataset);
  embeddings = await dataset.readEmbeddings();
  server = await startServe(['--index', served.dir], (end) => ends.push(end));
});
afterAll(async () => {
  for (const end of ends) await end();
  rmSync(scratch, { recursive: true });
});

const rowOf = (i: number): Float32Array => embeddings.subarray(i * dim, (i + 1) * dim);

describe('embeddings', () => {
  it('serves the unmodified openai client, in base64 and as numbers', async () => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const input = served.records.slice(0, 3).map(formatQa);
    const packed = await client.embeddings.create({ model: 'tiny', input });
    const plain = await client.embeddings.create({ model: 'tiny', input, encoding_format: 'float' });
    expect(packed.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    packed.data.forEach(({ embedding }, i) => {
      expect(embedding).toHaveLength(dim);
      embedding.forEach((entry, j) => expect(Math.abs(entry - rowOf(i)[j]!)).toBeLessThan(1e-5));
      expect(plain.data[i]!.embedding.map(Math.fround)).toEqual(embedding.map(Math.fround));
    });
    expect(packed.usage.prompt_tokens).toBeGreaterThan(3 * 10);
    const single = await client.embeddings.create({ model: 'tiny', input: input[0]! });
    expect(single.usage.total_tokens).toBeLessThan(packed.usage.total_tokens);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['tiny']);
    await expect(client.embeddings.create({ model: 'text-embedding-3-small', input })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await expect(client.embeddings.create({ model: 'tiny', input, dimensions: 3 })).rejects.toMatchObject({
      status: 400,
      code: 'ERR_ARG_RANGE',
    });
  });
});

describe('identification and search', () => {
  it('gives the same results as univar identify', async () => {
    const { question, answer } = served.records[7]!;
    const cli = await runCli([
      'identify',
      served.dir,
      '--question',
      question,
      '--text',
      answer,
      '--k',
      '9',
      '--evidence',
      '2',
      '--json',
    ]);
    const [expected] = (JSON.parse(cli.stdout) as { texts: Record<string, unknown>[] }).texts;
    const { status, body } = await server.post('/v1/identify', { texts: [{ question, answer }], k: 9, evidence: 2 });
    const [{ ranking, neighbours, evidence }] = body['results'] as unknown as [
      Record<string, { distance: number; row: number; valueId: string; meanDistance: number }[]>,
    ];
    expect(status).toBe(200);
    const close = (rows: unknown) =>
      JSON.parse(JSON.stringify(rows), (_, value: unknown) =>
        typeof value === 'number' ? Number(value.toFixed(4)) : value,
      ) as unknown;
    expect(close(ranking)).toEqual(close(expected!['ranking']));
    expect(close(neighbours)).toEqual(close(expected!['neighbours']));
    expect(evidence).toMatchObject([{ row: 7, question, answer }, {}]);
  });

  it('accepts vectors as numbers and as base64', async () => {
    const vectors = [Array.from(rowOf(3)), vectorsToBase64(rowOf(4))];
    const { body } = await server.post('/v1/search', { vectors, k: 1, answers: true });
    expect(body['results']).toMatchObject([
      { neighbours: [{ row: 3, distance: 0, answer: served.records[3]!.answer }] },
      { neighbours: [{ row: 4, distance: 0 }] },
    ]);
    const bare = await server.post('/v1/search', { vectors, k: 2 });
    expect(Object.keys((bare.body['results'] as unknown as { neighbours: object[] }[])[0]!.neighbours[0]!)).toEqual([
      'row',
      'distance',
      'valueId',
    ]);
  });

  it('accepts vectors in binary form, with the other fields in the URL', async () => {
    const packed = Buffer.from(vectorsToBase64(embeddings.subarray(3 * dim, 5 * dim)), 'base64');
    const send = async (path: string, body = packed) => {
      const headers = { 'content-type': 'application/octet-stream' };
      const response = await fetch(server.url + path, { method: 'POST', headers, body });
      return [response.status, await response.json()];
    };
    const vectors = [Array.from(rowOf(3)), Array.from(rowOf(4))];
    const { body } = await server.post('/v1/search', { vectors, k: 2, answers: true, filter: { model: 'model-1' } });
    const query = `k=2&answers=true&filter=${encodeURIComponent('{"model":"model-1"}')}`;
    expect(await send(`/v1/search?${query}`)).toEqual([200, body]);
    expect(await send('/v1/identify?k=1')).toMatchObject([200, { results: [{}, {}] }]);
    const unknown = { error: { message: expect.stringContaining('"kk"') as string } };
    expect(await send('/v1/search?kk=1')).toMatchObject([400, unknown]);
    expect(await send('/v1/search', packed.subarray(4))).toMatchObject([
      400,
      { error: { code: 'ERR_SHAPE_MISMATCH' } },
    ]);
    const many = { error: { message: expect.stringContaining('at most 2048 vectors') as string } };
    expect(await send('/v1/search', Buffer.alloc(4 * dim * 2049))).toMatchObject([400, many]);
    expect(await send('/v1/embeddings')).toMatchObject([415, {}]);
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded'])(
    'says which header a body needs whose type is %s',
    async (type) => {
      const body = Buffer.from('{"texts":["w1"]}');
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const response = await fetch(`${server.url}/v1/identify`, { method: 'POST', headers, body });
      const message = 'Expected JSON with the header "Content-Type: application/json"';
      expect([response.status, await response.json()]).toMatchObject([415, { error: { message } }]);
    },
  );

  it.each([
    { body: {}, says: /either "texts" or "vectors", got neither/ },
    { body: { texts: ['a'], vectors: [[1]] }, says: /got both/ },
    { body: { texts: ['a'], k: 61 }, says: /60/ },
    { body: { texts: ['a'], k: 1001 }, says: /k must be <= 1000/ },
    { body: { texts: ['a'], nprobe: 3, kk: 1 }, says: /additional properties: "kk"/ },
    { body: { vectors: Array<number[]>(200).fill([1]), k: 1000 }, says: /131072 neighbours or value ids in total/ },
    { body: { texts: Array<string>(40).fill('a'), evidence: 900 }, says: /32768 answers/ },
    { body: { texts: [] }, says: /texts must NOT have fewer than 1/ },
    { body: { texts: ['a'.repeat(40_000)] }, says: /texts\.0 must NOT have more than 32768/ },
    { body: { vectors: [[1, 2]] }, says: /entries for "vectors\[0\]", got 2/ },
    { body: { vectors: ['####'] }, says: /base64/ },
    { body: { vectors: ['AAAA'] }, says: /base64/ },
  ])('refuses $body', async ({ body, says }) => {
    const { status, body: answer } = await server.post('/v1/identify', body);
    expect(status).toBe(400);
    expect(answer.error!.message).toMatch(says);
    expect(answer.error!.type).toBe('invalid_request_error');
  });

  it('refuses vectors that are not finite in float32', async () => {
    for (const entry of [1e300, -1e16]) {
      const { status, body } = await server.post('/v1/search', {
        vectors: [[entry, ...Array<number>(dim - 1).fill(0)]],
      });
      expect([status, body.error!.code]).toEqual([400, 'ERR_ARG_RANGE']);
    }
    const nan = vectorsToBase64(Float32Array.of(NaN, ...Array<number>(dim - 1).fill(0)));
    expect((await server.post('/v1/search', { vectors: [nan] })).status).toBe(400);
    expect((await server.post('/v1/search', `{"vectors": [[1e999${',0'.repeat(dim - 1)}]]}`)).status).toBe(400);
  });
});

describe('operations', () => {
  it('reports its health and its features', async () => {
    expect((await server.send('GET', '/healthz')).body).toEqual({ status: 'ok' });
    expect(await server.send('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^univar_index_rows 60$/m);
    expect(metrics).toMatch(
      /^univar_http_request_seconds_count\{method="POST",route="\/v1\/identify",status="200"\} \d+$/m,
    );
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    const { body } = await server.send('GET', '/openapi.json');
    expect(Object.keys(body['paths']!).sort()).toEqual([
      '/v1/admin/reload',
      '/v1/embeddings',
      '/v1/identify',
      '/v1/index',
      '/v1/models',
      '/v1/search',
    ]);
    expect(await server.send('GET', '/v1/nothing')).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    });
    expect((await server.post('/v1/identify', { texts: ['a'] }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('logs texts only on request', async () => {
    const secret = 'w1 w2 secret';
    await server.post('/v1/identify', { texts: [secret] });
    await server.post('/v1/identify', `{"texts": ["${secret}`);
    await server.post('/v1/identify', { texts: [secret], k: 'x' });
    while (!server.log().includes('"texts":1')) await sleep(10);
    expect(server.log()).not.toContain('secret');
    const open = await startServe(['--encoder', served.encoder, '--log-texts']);
    await open.post('/v1/embeddings', { input: secret });
    while (!open.log().includes(secret)) await sleep(10);
  });

  it('requires a key if it has a file of keys, and limits rates', async () => {
    const keys = join(scratch, 'keys.txt');
    writeFileSync(keys, '0123456789abcdef-one read\n0123456789abcdef-two\n0123456789abcdef-ops admin\n');
    const { url, post, send } = await startServe([
      '--index',
      served.dir,
      '--read-only',
      '--api-key-file',
      keys,
      '--rate-limit',
      '3',
    ]);
    const one = { authorization: 'Bearer 0123456789abcdef-one' };
    expect(await post('/v1/search', { texts: ['w1'] })).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    });
    expect((await post('/v1/search', { texts: ['w1'] }, { authorization: 'Bearer 0123456789abcdef-onf' })).status).toBe(
      401,
    );
    expect([
      (await fetch(`${url}/metrics`)).status,
      (await fetch(`${url}/healthz`)).status,
      (await fetch(url)).status,
    ]).toEqual([401, 200, 200]);
    expect((await send('GET', '/%76%31/models')).status).toBe(401);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await post('/v1/search', { texts: ['w1'] }, one));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(statuses[3]!.body.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limited' });
    expect(Number(statuses[3]!.headers.get('retry-after'))).toBeGreaterThan(0);
    const two = { authorization: 'Bearer 0123456789abcdef-two' };
    expect((await post('/v1/search', { texts: ['w1'] }, two)).status).toBe(200);
    expect(await send('DELETE', '/v1/index', { rows: [1] }, two)).toMatchObject({
      status: 403,
      body: { error: { code: 'read_only' } },
    });
    const ops = { authorization: 'Bearer 0123456789abcdef-ops' };
    expect(await post('/v1/admin/reload', {}, two)).toMatchObject({ body: { error: { code: 'role_required' } } });
    expect((await post('/v1/admin/reload', {}, ops)).body['dataset']).toBe('values');
    const writable = await startServe(['--encoder', served.encoder, '--api-key-file', keys]);
    expect((await writable.send('DELETE', '/v1/index', { rows: [1] }, one)).status).toBe(403);
    expect((await writable.send('DELETE', '/v1/index', { rows: [1] }, two)).body.error!.code).toBe('no_index');
  });

  it.each([
    { args: ['--index', 'nowhere'], code: 2, says: /nowhere/ },
    { args: ['--encoder', scratch], code: 2, says: /lacks/ },
    { args: ['--api-key-file', 'nowhere'], code: 2, says: /nowhere/ },
  ])('does not start with $args', async ({ args, code, says }) => {
    const result = await runCli(['serve', '--port', '0', ...args]);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(says);
  });

  it('does not start if the port or the dataset is in use', async () => {
    const taken = await runCli(['serve', '--encoder', served.encoder, '--port', new URL(server.url).port]);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('the port is in use') as string });
    const second = await runCli(['serve', '--index', served.dir, '--port', '0']);
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`process ${server.child.pid!}`) as string,
    });
  });
});

describe('changes', () => {
  it('adds, finds and removes rows, and keeps them after a restart with a torn journal', async () => {
    const dir = join(scratch, 'changed');
    await runCli(['embed', join(scratch, 'answers.jsonl'), '--out', dir, '--encoder', served.encoder]);
    const first = await startServe(['--index', dir]);
    const record = { qid: 'new', question: 'w1 w2', answer: 'w290 w291 w292', model: 'other', lang: 'fra' };
    expect(await first.post('/v1/index', { records: [record, { ...record, answer: 'w299' }] })).toMatchObject({
      status: 201,
      body: { rows: [60, 61], size: 62 },
    });
    const ask = { texts: [{ question: record.question, answer: record.answer }], k: 1, evidence: 1 };
    const found = {
      results: [{ ranking: [{ valueId: 'other$fra' }], evidence: [{ row: 60, answer: record.answer }] }],
    };
    expect(await first.post('/v1/identify', ask)).toMatchObject({ body: found });
    expect((await first.send('DELETE', '/v1/index', { rows: [61, 5, 5, 4000] })).body).toEqual({
      removed: 2,
      size: 60,
    });
    const vectors = [Array.from(rowOf(5))];
    expect((await first.post('/v1/search', { vectors, k: 1 })).body['results']).not.toMatchObject([
      { neighbours: [{ row: 5 }] },
    ]);
    expect((await first.post('/v1/index', { records: [record], vectors: [[1], [2]] })).status).toBe(400);
    first.child.kill('SIGTERM');
    expect((await first.result).code).toBe(0);

    appendFileSync(join(dir, CHANGES_FILE), '0badc0de [{"remove":[1,2');
    const second = await startServe(['--index', dir]);
    expect((await second.send('GET', '/v1/index')).body).toMatchObject({
      rows: 60,
      added: 2,
      removed: 2,
      factory: 'Flat',
    });
    expect(await second.post('/v1/identify', ask)).toMatchObject({ body: found });
    expect(second.log()).toMatch(/24 bytes of a change that was never acknowledged/);
    expect((await second.post('/v1/index', { records: [record] })).body['rows']).toEqual([62]);
  });

  it('refuses records that embed would refuse, before it adds any', async () => {
    const record = { qid: 'new', question: 'w1 w2', answer: 'w290', model: 'other', lang: 'fra' };
    for (const [change, says] of [
      [{ answer: ' ' }, /records\[1\]\.answer is empty/],
      [{ model: '\t' }, /records\[1\]\.model is empty/],
      [{ qid: 'a\0' }, /records\[1\]\.qid .*U\+0000/],
      [{ answer: 'a\ud800' }, /records\[1\]\.answer .*surrogate/],
      [{ lang: 'b$c' }, /records\[1\]\.lang .*not a language/],
    ] as const) {
      const { status, body } = await server.post('/v1/index', { records: [record, { ...record, ...change }] });
      expect([status, body.error!.code]).toEqual([400, 'ERR_ARG_RANGE']);
      expect(body.error!.message).toMatch(says);
    }
    expect((await server.send('GET', '/v1/index')).body).toMatchObject({ rows: 60, added: 0 });
  });

  it('loads another index without dropping a request, by SIGHUP and by HTTP', async () => {
    const dir = join(scratch, 'swapped');
    await runCli(['embed', join(scratch, 'answers.jsonl'), '--out', dir, '--encoder', served.encoder]);
    const { child, post, send } = await startServe(['--index', dir]);
    const factory = async () => (await send('GET', '/v1/index')).body['factory'] as unknown as string;
    let done = false;
    const statuses: number[] = [];
    const ask = async (): Promise<void> => {
      while (!done) statuses.push((await post('/v1/search', { vectors: [Array.from(rowOf(1))], k: 3 })).status);
    };
    const everyone = Promise.all([ask(), ask(), ask()]);
    everyone.catch(() => undefined); // awaited at the end
    expect(await factory()).toBe('Flat');
    await runCli(['index', dir, '--no-fit', '--factory', 'HNSW16']);
    child.kill('SIGHUP');
    while ((await factory()) !== 'HNSW16') await sleep(10);
    await runCli(['index', dir, '--no-fit', '--factory', 'IVF4,Flat']);
    expect((await post('/v1/admin/reload', {})).body).toMatchObject({ factory: 'IVF4,Flat', rows: 60 });
    writeFileSync(join(dir, 'index.json'), '{');
    expect((await post('/v1/admin/reload', {})).status).toBe(400);
    expect(await factory()).toBe('IVF4,Flat');
    done = true;
    await everyone;
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
