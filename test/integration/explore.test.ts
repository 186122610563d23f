import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCli } from '../support/cli.js';
import { toJsonl } from '../support/records.js';
import { makeServedDataset, type RunningServer, type ServedDataset, startServer } from '../support/served.js';

const scratch = mkdtempSync(join(tmpdir(), 'univar-explore-'));
const ends: (() => Promise<unknown>)[] = [];
const HOSTILE = '<img src=x onerror="window.hit=1"> \u202egnp.exe';

describe('univar explore', () => {
  let served: ServedDataset;
  let server: RunningServer;

  async function start(): Promise<RunningServer> {
    const started = await startServer(['explore', served.dir, '--encoder', served.encoder], (end) => ends.push(end));
    await untilIndexed(started);
    return started;
  }

  async function untilIndexed({ send }: RunningServer): Promise<void> {
    for (;;) {
      const { state } = (await send('GET', '/v1/explore/texts')).body as unknown as { state: string };
      if (state === 'ready') return;
      if (state !== 'building') throw new Error(state);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function arrayOf(path: string): Promise<ArrayBuffer> {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(200);
    return response.arrayBuffer();
  }

  beforeAll(async () => {
    served = await makeServedDataset(scratch);
    server = await start();
  });
  afterAll(async () => {
    for (const end of ends) await end();
    rmSync(scratch, { recursive: true });
  });

  it('serves the arrays of the map and the texts of single answers', async () => {
    const rows = served.records.length;
    const { body } = await server.send('GET', '/v1/explore');
    expect(body).toMatchObject({ title: 'values', rows, questions: 20, fitted: false });
    expect(new Float32Array(await arrayOf('/v1/explore/arrays/coordinates')).every(Number.isFinite)).toBe(true);
    const ids = new Int32Array(await arrayOf('/v1/explore/arrays/value-ids'));
    const lengths = new Uint32Array(await arrayOf('/v1/explore/arrays/lengths'));
    const columns = body['columns'] as unknown as { values: string[] }[];
    served.records.forEach(({ model, lang, answer }, row) => {
      expect(columns[0]!.values[ids[row]!]).toBe(`${model}$${lang}`);
      expect(lengths[row]).toBe(answer.length);
    });
    const { body: texts } = await server.send('GET', '/v1/explore/records?rows=7,2&length=5');
    const expected = [7, 2].map((row) => ({ row, answer: served.records[row]!.answer.slice(0, 5), isCut: true }));
    expect(texts['records']).toMatchObject(expected);
  });

  it('finds words, all matches, neighbours, and the answers to a question', async () => {
    const { question, answer } = served.records[4]!;
    const phrase = answer.split(' ').slice(0, 3).join(' ');
    const query = encodeURIComponent(`"${phrase}"`);
    const matching = served.records.flatMap((record, row) =>
      ` ${record.answer} `.includes(` ${phrase} `) || ` ${record.question} `.includes(` ${phrase} `) ? [row] : [],
    );
    const { body } = await server.send('GET', `/v1/explore/texts/search?q=${query}`);
    expect(body['total']).toBe(matching.length);
    expect([...(body['rows'] as unknown as number[])].sort((a, b) => a - b)).toEqual(matching);
    const bitmap = new Uint8Array(await arrayOf(`/v1/explore/texts/rows?q=${query}`));
    const found = served.records.flatMap((_, row) => (bitmap[row >> 3]! & (1 << (row & 7)) ? [row] : []));
    expect(found).toEqual(matching);
    const near = await server.send('GET', '/v1/explore/neighbours?row=4&k=5');
    const neighbours = near.body['neighbours'] as unknown as { row: number; distance: number }[];
    expect(neighbours).toHaveLength(5);
    expect(neighbours.map(({ row }) => row)).not.toContain(4);
    const distances = new Float32Array(await arrayOf('/v1/explore/distances?row=4'));
    for (const { row, distance } of neighbours) expect(distances[row]).toBeCloseTo(distance, 3);
    const { body: same } = await server.send('GET', '/v1/explore/question?row=4');
    expect((same['rows'] as unknown as number[]).map((row) => served.records[row]!.question)).toEqual([
      question,
      question,
      question,
    ]);
  });

  it('exports a selection, and compares two models', async () => {
    const bitmap = Buffer.alloc(Math.ceil(served.records.length / 8));
    for (const row of [3, 8]) bitmap[row >> 3]! |= 1 << (row & 7);
    const send = (format: string): Promise<Response> =>
      fetch(`${server.url}/v1/explore/export`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rows: bitmap.toString('base64'), format }),
      });
    const lines = (await (await send('jsonl')).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([served.records[3], served.records[8]]);
    expect((await (await send('csv')).text()).split('\n')[0]).toBe('qid,question,answer,model,lang,group');
    const [a, b] = [...new Set(served.records.map(({ model }) => model))];
    const { body } = await server.send('GET', `/v1/explore/compare?by=model&a=${a}&b=${b}`);
    expect(body).toMatchObject({ sides: [a, b], questions: 20, answers: 20, isSample: false });
  });

  it('says what is wrong with a request, changes nothing, and serves no other site', async () => {
    const statusOf = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
      (await server.send(method, path, body, headers)).status;
    for (const path of [
      'records?rows=x',
      'records?rows=60',
      'neighbours?row=-1',
      'texts/search?q=-',
      'compare?by=x&a=b&b=c',
      'probabilities/rows?id=x',
    ])
      expect(await statusOf('GET', `/v1/explore/${path}`), path).toBe(400);
    const { body: none } = await server.send('GET', '/v1/explore/probabilities');
    expect(none).toMatchObject({ state: 'unavailable', message: expect.stringContaining('univar fit') as string });
    expect(await statusOf('GET', '/v1/explore/probabilities/rows')).toBe(409);
    expect(await statusOf('POST', '/v1/explore/export', { rows: 'AAAA', format: 'csv' })).toBe(400);
    expect(await statusOf('DELETE', '/v1/index', { rows: [1] })).toBe(403);
    expect(await statusOf('GET', '/v1/explore', undefined, { origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf('GET', '/v1/explore', undefined, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    const page = await fetch(server.url);
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('reuses what it has saved, makes damaged files again, and places answers that were added', async () => {
    const folder = join(served.dir, 'explore');
    const files = readdirSync(folder).sort();
    expect(files).toEqual(['columns.bin', 'coordinates.bin', 'labels.bin', 'texts.sqlite']);
    const coordinates = readFileSync(join(folder, 'coordinates.bin'));
    const before = new Float32Array(await arrayOf('/v1/explore/arrays/coordinates'));
    const damaged = Buffer.from(coordinates);
    damaged[damaged.length - 3]! ^= 1;
    writeFileSync(join(folder, 'coordinates.bin'), damaged);
    copyFileSync(join(folder, 'columns.bin'), join(folder, 'texts.sqlite'));
    const extra = { qid: 'q', question: 'w1', answer: HOSTILE, model: HOSTILE, lang: 'eng' };
    server = await start();
    expect(server.log()).toMatch(/coordinates\.bin is damaged; making it again/);
    expect(server.log()).toMatch(/texts\.sqlite is damaged; making it again/);
    expect(readFileSync(join(folder, 'coordinates.bin')).equals(coordinates)).toBe(true);

    const more = join(scratch, 'more.jsonl');
    writeFileSync(more, toJsonl([extra]));
    const { code, stderr } = await runCli(['embed', more, '--add', '--out', served.dir, '--encoder', served.encoder]);
    expect(code, stderr).toBe(0);
    server = await start();
    const after = new Float32Array(await arrayOf('/v1/explore/arrays/coordinates'));
    expect([...after.subarray(0, before.length)]).toEqual([...before]);
    expect(after.length).toBe(before.length + 2);
    const { body } = await server.send('GET', `/v1/explore/texts/search?q=gnp`);
    expect(body['rows']).toEqual([served.records.length]);
    expect(existsSync(join(folder, 'texts.sqlite.new'))).toBe(false);
  });
});
