import type { Static } from 'typebox';

import type { Collection } from '../../datasets/live/collection.js';
import { DEFAULT_K, defaultK } from '../../identification/value-identifier.js';
import { euclideanDistance } from '../../search/euclidean-distance.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import { classifyTexts } from '../classify-texts.js';
import { sendJson, writeJson } from '../json-response.js';
import { expectModestAnswer } from '../limits.js';
import { queryVectors } from '../query-vectors.js';
import type { Schemas } from '../schemas.js';
import { type App, requireLive, type Service } from '../service.js';

const BINARY =
  'The body can also be application/octet-stream: vectors as little-endian float32, row-major. All other fields are ' +
  'then parameters of the URL, objects and lists as JSON.';
const TYPES = ['application/json', 'application/octet-stream'];
const DEFAULT_CANDIDATES = 10;
const DEFAULT_SEARCH_K = 10;
/** Answers that are read from disk at a time. */
const READ_AT_ONCE = 16;
/** Memory that a neighbour or value id takes while a response is built. */
const BYTES_PER_NEIGHBOUR = 128;

type IdentifyAnswer = Static<Schemas['identify']['answer']>;
type SearchAnswer = Static<Schemas['search']['answer']>;

/** Adds `POST /v1/identify` and `POST /v1/search`. */
export function addIdentifyRoutes(app: App, service: Service): void {
  const { schemas, encoders, limits } = service;

  app.post(
    '/v1/identify',
    {
      config: { packedVectors: true },
      schema: {
        summary: 'Identifies whose values texts express, by votes of the nearest answers and by a classifier',
        description: BINARY,
        consumes: TYPES,
        tags: ['index'],
        body: schemas.identify.body,
        response: { 200: schemas.identify.answer, '4xx': schemas.error },
      },
    },
    async (request, reply) => {
      const {
        evidence = 0,
        candidates = DEFAULT_CANDIDATES,
        together = false,
        why = false,
        efSearch,
        nprobe,
        rerank,
        filter,
        ...given
      } = request.body;
      const query = { ...given, vectors: request.packed ?? given.vectors };
      const { gone: signal } = request;
      const live = requireLive(service);
      const queries = countQueries(request, query);
      const most = Math.max(query.k ?? DEFAULT_K, query.texts ? candidates : 0);
      expectModestAnswer(queries, most, evidence);
      const pieces = await live.use(async (collection) => {
        request.held.add(queries * bytesPerQuery(most, collection.dim));
        const vectors = await queryVectors(query, collection.encoder, encoders, signal);
        const k = query.k ?? defaultK(filter === undefined ? collection.size : collection.count(filter));
        const extent = extentOf(collection, k, filter);
        const classify = { texts: query.texts, vectors, filter, candidates, together, why };
        const [found, classified] = await Promise.all([
          collection.identify(vectors, { k, efSearch, nprobe, rerank, filter, signal }),
          classifyTexts(collection, classify, signal),
        ]);
        function* results() {
          for (const [i, { ranking, neighbours }] of found.entries())
            yield {
              ...classified?.results[i],
              ranking,
              neighbours,
              evidence: evidence > 0 ? withAnswers(collection, neighbours.slice(0, evidence)) : [],
            };
        }
        const all = classified?.together && { together: classified.together };
        return writeJson<IdentifyAnswer>({ ...extent, ...all, results: results() }, request, limits);
      });
      return sendJson(reply, pieces, limits);
    },
  );

  app.post(
    '/v1/search',
    {
      config: { packedVectors: true },
      schema: {
        summary: 'Finds the nearest answers',
        description: BINARY,
        consumes: TYPES,
        tags: ['index'],
        body: schemas.search.body,
        response: { 200: schemas.search.answer, '4xx': schemas.error },
      },
    },
    async (request, reply) => {
      const { answers = false, efSearch, nprobe, rerank, filter, ...given } = request.body;
      const query = { ...given, vectors: request.packed ?? given.vectors };
      const { gone: signal } = request;
      const live = requireLive(service);
      const queries = countQueries(request, query);
      const most = query.k ?? DEFAULT_SEARCH_K;
      expectModestAnswer(queries, most, answers ? most : 0);
      const pieces = await live.use(async (collection) => {
        request.held.add(queries * bytesPerQuery(most, collection.dim));
        const vectors = await queryVectors(query, collection.encoder, encoders, signal);
        const k = query.k ?? Math.min(DEFAULT_SEARCH_K, collection.size);
        const extent = extentOf(collection, k, filter);
        const found = await collection.search(vectors, { k, efSearch, nprobe, rerank, filter, signal });
        const neighboursOf = (query: number) =>
          Array.from({ length: found.k }, (_, i) => query * found.k + i)
            .filter((i) => found.labels[i]! >= 0)
            .map((i) => ({
              row: found.labels[i]!,
              distance: euclideanDistance(found.distances[i]!, collection.index.metric),
              valueId: collection.valueIdOf(found.labels[i]!),
            }));
        function* results() {
          for (let query = 0; query < queries; query++) {
            const neighbours = neighboursOf(query);
            yield { neighbours: answers ? withAnswers(collection, neighbours) : neighbours };
          }
        }
        return writeJson<SearchAnswer>({ ...extent, results: results() }, request, limits);
      });
      return sendJson(reply, pieces, limits);
    },
  );
}

/** Memory of a query: its vector, and what is found for it. */
function bytesPerQuery(k: number, dim: number): number {
  return Float32Array.BYTES_PER_ELEMENT * dim + BYTES_PER_NEIGHBOUR * k;
}

/** Returns the number of neighbours to find and, with a filter, the number of rows that match it. */
function extentOf(
  collection: Collection,
  k: number,
  filter: ValueFilter | undefined,
): { k: number; matching?: number } {
  if (!filter) return { k };
  const matching = collection.count(filter);
  return { k: Math.min(k, matching), matching };
}

/** Counts the texts or vectors of a request, also for the log. */
function countQueries(
  request: { work: { texts: number; vectors: number } },
  { texts = [], vectors = [] }: { texts?: readonly unknown[] | undefined; vectors?: readonly unknown[] | undefined },
): number {
  request.work = { texts: texts.length, vectors: vectors.length };
  return texts.length + vectors.length;
}

/** Adds the texts of the answers, which are read when they are needed. */
async function* withAnswers<N extends { row: number }>(collection: Collection, neighbours: readonly N[]) {
  const add = async (neighbour: N) => {
    const { qid, question, answer } = await collection.read(neighbour.row);
    return { ...neighbour, qid, question, answer };
  };
  for (let begin = 0; begin < neighbours.length; begin += READ_AT_ONCE)
    yield* await Promise.all(neighbours.slice(begin, begin + READ_AT_ONCE).map(add));
}
