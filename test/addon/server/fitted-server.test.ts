import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { vectorsToBase64 } from '../../../src/core/vector-base64.js';
import { FIT_FILE } from '../../../src/datasets/fits/fit-manifest.js';
import { LiveCollection } from '../../../src/datasets/live/live-collection.js';
import type { Explanation } from '../../../src/identification/classifier/explanation.js';
import type { Classification } from '../../../src/identification/classifier/value-classifier.js';
import { embedDataset } from '../../../src/pipeline/embed/embed-dataset.js';
import { fitDataset } from '../../../src/pipeline/fit/fit-dataset.js';
import { ServedDataset } from '../../../src/pipeline/served-dataset.js';
import { Server } from '../../../src/server/start-server.js';
import { readRows } from '../../support/changed-dataset.js';
import { makeFittedDataset, NEW_RECORD, OWN_DIM, QUICK_FIT } from '../../support/fitted-dataset.js';
import { toJsonl } from '../../support/records.js';
import { type Answer, sendJson } from '../../support/served.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Serves a folder in this process, like `univar serve`. */
async function serve(dir: string, { readOnly = false } = {}) {
  const notes: string[] = [];
  const dataset = new ServedDataset(dir, { readOnly, note: (text) => notes.push(text) });
  const live = await LiveCollection.open({ open: () => dataset.open(), close: () => dataset.close(), readOnly });
  const log = { level: 'silent', stream: process.stderr, texts: false };
  const server = await Server.start({ source: live, port: 0, log });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.stop());
  onTestFinished(stop);
  const post = (path: string, body: unknown): Promise<Answer> => sendJson(server.url, 'POST', path, body);
  const get = async (path: string): Promise<Record<string, unknown>> => (await sendJson(server.url, 'GET', path)).body;
  const remove = (rows: number[]): Promise<Answer> => sendJson(server.url, 'DELETE', '/v1/index', { rows });
  return { post, get, remove, stop, notes };
}

interface Classified {
  together?: Classification;
  results: { classification?: Classification; why?: Explanation }[];
}

/** The nearest row of an answer of `/v1/identify`, and its distance. */
function nearest({ status, body }: Answer): { status: number; row: number; distance: number } {
  const [result] = body['results'] as unknown as [{ neighbours: [{ row: number; distance: number }] }];
  return { status, ...result.neighbours[0] };
}

describe('a server of a dataset with a fit', () => {
  it('identifies, searches and embeds with the fitted encoder', async () => {
    const { dir, records } = await makeFittedDataset(temporaryFolder());
    const { post, get } = await serve(dir);
    expect(await get('/v1/index')).toMatchObject({
      encoder: 'fit-0001',
      fitted: true,
      classifier: true,
      addedSinceFit: 0,
      dim: 16,
      rows: 45,
      factory: 'Flat',
    });
    expect(await get('/v1/models')).toMatchObject({ data: [{ id: 'fit-0001' }] });
    const { answer, question } = records[7]!;
    const found = nearest(await post('/v1/identify', { texts: [{ question, answer }], k: 3 }));
    expect(found.row).toBe(7);
    expect(found.distance).toBeCloseTo(0, 3);
    const { body } = await post('/v1/embeddings', { input: answer });
    const [{ embedding }] = body['data'] as unknown as [{ embedding: number[] }];
    expect(embedding).toHaveLength(16);
    expect(nearest(await post('/v1/search', { vectors: [embedding], k: 1 }))).toMatchObject({ status: 200, row: 7 });
    const own = vectorsToBase64(new Float32Array(OWN_DIM).fill(0.125));
    expect((await post('/v1/search', { vectors: [own], k: 1 })).body.error!.message).toMatch(/Expected 16 entries/);
  });

  it('classifies texts alone and together, with reasons and filters, and no vectors', async () => {
    const { dir, records } = await makeFittedDataset(temporaryFolder());
    const { post, get } = await serve(dir);
    const own = records.filter(({ model }) => model === 'model-1').slice(0, 3);
    const texts = own.map(({ answer }) => answer);
    const identify = async (request: object) => (await post('/v1/identify', request)).body as unknown as Classified;
    const valueId = 'model-1$eng';

    const { results } = await identify({ texts });
    for (const { classification, why } of results) {
      expect(classification).toMatchObject({
        unknown: null,
        ranking: [{ valueId, model: 'model-1', lang: 'eng' }, {}, {}],
      });
      expect(classification!.ranking.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
      expect(why).toBeUndefined();
    }

    const all = await identify({ texts, together: true, why: true, candidates: 1, k: 1 });
    expect(all.together!.ranking).toEqual([expect.objectContaining({ valueId })]);
    expect(all.together!.ranking[0]!.probability).toBeGreaterThan(0.5);
    all.results.forEach(({ classification, why }, i) => {
      expect(classification!.ranking).toHaveLength(1);
      expect(why!.valueId).toBe(valueId);
      const { text, start, end } = why!.for[0]!;
      expect(texts[i]!.slice(start, end)).toBe(text);
    });

    // Of many texts, each has the classification that it has alone.
    const everyone = records.map(({ answer }) => answer);
    const { results: many, together } = await identify({ texts: everyone, together: true });
    expect(many).toHaveLength(records.length);
    for (const i of [31, 32, 44]) {
      const alone = (await identify({ texts: [everyone[i]] })).results[0]!.classification;
      expect(many[i]!.classification).toEqual(alone);
    }
    expect(together!.ranking).toHaveLength(3);

    const question = { question: 'w1 w2', answer: texts[0] };
    const [first] = (await identify({ texts: [question], filter: { model: ['model-0', 'model-2'] }, why: true }))
      .results;
    const names = first!.classification!.ranking.map(({ model }) => model);
    expect(names.sort()).toEqual(['model-0', 'model-2']);
    const { start, end, text } = [...first!.why!.for, ...first!.why!.against][0]!;
    expect(texts[0]!.slice(start, end)).toBe(text); // positions in the answer

    // The classifier knows no value ids of later answers. A filter can name them all the same.
    await post('/v1/index', { records: [NEW_RECORD] });
    const later = await identify({ texts, filter: { model: NEW_RECORD.model } });
    expect(later.results[0]!.classification).toMatchObject({ ranking: [] });

    const vectors = [new Array(16).fill(0.25)];
    expect((await identify({ vectors })).results[0]).not.toHaveProperty('classification');
    expect((await post('/v1/identify', { vectors, together: true })).body.error!.message).toBe(
      'Expected "texts" with "together", got "vectors"',
    );
    const tooMany = Array.from({ length: 65 }, () => 'w1');
    expect((await post('/v1/identify', { texts: tooMany, why: true })).body.error!.message).toMatch(/at most 64 texts/);
    rmSync(join(dir, FIT_FILE));
    await post('/v1/admin/reload', {});
    expect(await get('/v1/index')).toMatchObject({ classifier: false });
    expect((await identify({ texts })).results[0]).not.toHaveProperty('classification');
    const refused = await post('/v1/identify', { texts, together: true });
    expect([refused.status, refused.body.error!.message]).toEqual([400, expect.stringContaining('univar fit')]);
  });

  it('finds added answers by the fit, and keeps vectors of the own encoder in the journal', async () => {
    const scratch = temporaryFolder();
    const { dir, encoder } = await makeFittedDataset(scratch);
    const first = await serve(dir);
    const refused = await first.post('/v1/index', { records: [NEW_RECORD], vectors: [[1, 2]] });
    expect([refused.status, refused.body.error!.message]).toEqual([400, expect.stringContaining('omit "vectors"')]);
    const more = { ...NEW_RECORD, answer: 'w3' };
    expect((await first.post('/v1/index', { records: [more, NEW_RECORD] })).body).toMatchObject({ rows: [45, 46] });
    expect((await first.remove([45, 2])).body).toMatchObject({ removed: 2, size: 45 });
    const ask = { texts: [NEW_RECORD.answer], k: 1 };
    const expected = { status: 200, row: 46, distance: expect.closeTo(0, 3) as number };
    expect(nearest(await first.post('/v1/identify', ask))).toMatchObject(expected);
    await first.stop();

    // The vector of the added answer, embedded by the encoder of the dataset.
    const alone = join(scratch, 'alone');
    const file = join(scratch, 'new.jsonl');
    writeFileSync(file, toJsonl([NEW_RECORD]));
    await embedDataset({ inputs: [file], out: alone, encoder });
    const [wanted] = await readRows(alone);
    const stored = (await readRows(dir)).at(-1)!;
    expect(stored.record).toEqual(NEW_RECORD);
    stored.vector.forEach((entry, i) => expect(entry).toBeCloseTo(wanted!.vector[i]!, 5));

    const second = await serve(dir); // replays the journal
    expect(await second.get('/v1/index')).toMatchObject({ added: 2, removed: 2, rows: 45, addedSinceFit: 2 });
    expect(nearest(await second.post('/v1/identify', ask))).toMatchObject(expected);
  });

  it('switches encoder, vectors and index together when it reloads another fit', async () => {
    const { dir, records } = await makeFittedDataset(temporaryFolder());
    const { post, get } = await serve(dir);
    await post('/v1/index', { records: [NEW_RECORD] });
    const all = [...records, NEW_RECORD];
    let done = false;
    let requests = 0;
    const ask = async (): Promise<void> => {
      while (!done) {
        const at = requests++ % all.length;
        const { status, distance } = nearest(await post('/v1/identify', { texts: [all[at]!.answer], k: 1 }));
        // An encoder of another fit would be far from every answer.
        expect([status, Math.round(distance * 1000)]).toEqual([200, 0]);
      }
    };
    const everyone = Promise.all([ask(), ask(), ask(), ask()]);
    everyone.catch(() => undefined); // awaited at the end
    for (let seed = 2; seed < 8; seed++) {
      await fitDataset(dir, { ...QUICK_FIT, seed });
      const { body } = await post('/v1/admin/reload', {});
      expect(body).toMatchObject({ encoder: `fit-000${seed}`, rows: 46, added: 1 });
    }
    done = true;
    await everyone;
    expect(requests).toBeGreaterThan(20);

    await fitDataset(dir, { ...QUICK_FIT, dim: 24 });
    await post('/v1/admin/reload', {});
    expect(await get('/v1/index')).toMatchObject({ fitted: true, dim: 24, rows: 46 });
    rmSync(join(dir, FIT_FILE));
    await post('/v1/admin/reload', {});
    expect(await get('/v1/index')).toMatchObject({
      fitted: false,
      classifier: false,
      encoder: 'tiny',
      dim: OWN_DIM,
      rows: 46,
    });
    const { question, answer } = NEW_RECORD;
    expect(nearest(await post('/v1/identify', { texts: [{ question, answer }], k: 1 })).row).toBe(45);
    expect((await post('/v1/index', { records: [NEW_RECORD] })).status).toBe(201);
  });

  it('needs the encoder that embedded the dataset only for additions', async () => {
    const { dir, encoder, records } = await makeFittedDataset(temporaryFolder());
    rmSync(encoder, { recursive: true });
    await expect(serve(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('readOnly: true') as string,
    });
    const { post, get } = await serve(dir, { readOnly: true });
    const ask = { texts: [records[3]!.answer], k: 1 };
    expect(nearest(await post('/v1/identify', ask)).row).toBe(3);
    expect((await post('/v1/index', { records: [NEW_RECORD] })).status).toBe(403);
    rmSync(join(dir, FIT_FILE));
    expect((await post('/v1/admin/reload', {})).status).toBe(400); // now the encoder is needed
    expect(await get('/v1/index')).toMatchObject({ fitted: true });
    expect(nearest(await post('/v1/identify', ask)).row).toBe(3);
  });

  it('serves the vectors of the own encoder if the fit is stale, and says so', async () => {
    const scratch = temporaryFolder();
    const { dir, file } = await makeFittedDataset(scratch);
    const other = join(scratch, 'other');
    await embedDataset({ inputs: [file], out: other, encoder: join(scratch, 'tiny'), shardRows: 20 });
    cpSync(join(dir, FIT_FILE), join(other, FIT_FILE));
    const { get, notes } = await serve(other);
    expect(notes).toEqual([expect.stringContaining('univar fit')]);
    expect(await get('/v1/index')).toMatchObject({ fitted: false, encoder: 'tiny', dim: OWN_DIM });
  });
});
