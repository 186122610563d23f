/** Requests of the load on `univar serve`: real answers of the dataset, as texts and as vectors. */
import { vectorsToBase64 } from '../../src/core/vector-base64.js';
import { openDataset } from '../../src/datasets/dataset.js';
import { searchedVectors } from '../../src/pipeline/index/vector-source.js';
import type { QaRecord } from '../../src/records/record.js';

const DIFFERENT_BODIES = 512;
/** Answers with texts in each response. */
const EVIDENCE = 3;
const BASE64 = 'base64';

export interface LoadRequest {
  method: 'POST' | 'DELETE';
  path: string;
  body: string;
}

/** Requests of one kind, and how they are sent. */
export interface Share {
  kind: string;
  requests: LoadRequest[];
  connections: number;
  /** Requests per second; as many as possible if undefined. */
  rate?: number;
}

/** Shares of the connections in a mixed load. */
const MIXED = { texts: 3 / 8, vectors: 2 / 8, search: 2 / 8 };

/**
 * Returns the shares of a load.
 *
 * @param kind `texts` and `vectors` identify; `mixed` also searches and embeds, and adds and removes an answer per
 *   second, so give it a copy of the dataset
 */
export async function sharesOf(dir: string, kind: string, connections: number, k: number): Promise<Share[]> {
  const dataset = await openDataset(dir);
  const step = Math.max(1, Math.floor(dataset.rows / DIFFERENT_BODIES));
  const post = (path: string) => (body: object) => ({ method: 'POST' as const, path, body: JSON.stringify(body) });
  const identify = post('/v1/identify');
  const texts = (answers: QaRecord[]): LoadRequest[] =>
    answers.map(({ question, answer }) => identify({ texts: [{ question, answer }], k, evidence: EVIDENCE }));
  const vectors = (rows: string[]): LoadRequest[] =>
    rows.map((row) => identify({ vectors: [row], k, evidence: EVIDENCE }));
  if (kind === 'texts') return [{ kind, requests: texts(await answersOf(dir, step)), connections }];
  if (kind === 'vectors') return [{ kind, requests: vectors(await vectorsOf(dir, step)), connections }];
  if (kind !== 'mixed') throw new Error(`Expected texts, vectors or mixed for --kinds, got ${kind}`);
  if (connections < 16) throw new Error(`Expected at least 16 connections for a mixed load, got ${connections}`);
  const [answers, rows] = [await answersOf(dir, step), await vectorsOf(dir, step)];
  const of = (share: number): number => Math.floor(share * connections);
  const shares: Share[] = [
    { kind: 'identify texts', requests: texts(answers), connections: of(MIXED.texts) },
    { kind: 'identify vectors', requests: vectors(rows), connections: of(MIXED.vectors) },
    {
      kind: 'search',
      requests: rows.map((row) => post('/v1/search')({ vectors: [row], k: 10, answers: true })),
      connections: of(MIXED.search),
    },
    {
      kind: 'add',
      requests: answers.map((record, i) =>
        post('/v1/index')({ records: [{ ...fieldsOf(record), answer: `${record.answer} (${i})` }] }),
      ),
      connections: 1,
      rate: 1,
    },
    {
      kind: 'remove',
      requests: answers.map((_, i) => ({ method: 'DELETE', path: '/v1/index', body: JSON.stringify({ rows: [i] }) })),
      connections: 1,
      rate: 1,
    },
  ];
  const used = shares.reduce((sum, share) => sum + share.connections, 0);
  shares.push({
    kind: 'embeddings',
    requests: answers.map(({ answer }) => post('/v1/embeddings')({ input: [answer], encoding_format: BASE64 })),
    connections: connections - used,
  });
  return shares;
}

const fieldsOf = ({ qid, question, model, lang }: QaRecord): Omit<QaRecord, 'answer'> => ({
  qid,
  question,
  model,
  lang,
});

/** Reads every `step`-th answer. */
async function answersOf(dir: string, step: number): Promise<QaRecord[]> {
  const answers: QaRecord[] = [];
  let row = 0;
  for await (const record of (await openDataset(dir)).records()) {
    if (row++ % step === 0) answers.push(record);
    if (answers.length === DIFFERENT_BODIES) break;
  }
  return answers;
}

/** Reads every `step`-th searched vector, as base64. */
async function vectorsOf(dir: string, step: number): Promise<string[]> {
  const rows: string[] = [];
  const { vectors } = await searchedVectors(await openDataset(dir));
  for await (const batch of vectors.embeddingBatches(step)) {
    rows.push(vectorsToBase64(batch.subarray(0, vectors.dim)));
    if (rows.length === DIFFERENT_BODIES) break;
  }
  return rows;
}
