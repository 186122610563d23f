import type { Collection } from '../../datasets/live/collection.js';
import { euclideanDistance } from '../../search/euclidean-distance.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import { classifyTexts } from '../classify-texts.js';
import { expectModestAnswer } from '../limits.js';
import { queryVectors } from '../query-vectors.js';
import { type App, requireLive, type Service } from '../service.js';

const BINARY =
  'The body can also be application/octet-stream: vectors as little-endian float32, row-major. All other fields are ' +
  'then parameters of the URL, objects and lists as JSON.';
const TYPES = ['application/json', 'application/octet-stream'];
const DEFAULT_K = 50;
const DEFAULT_EVIDENCE = 3;
const DEFAULT_CANDIDATES = 10;
const DEFAULT_SEARCH_K = 10;

/** Adds `POST /v1/identify` and `POST /v1/search`. */
export function addIdentifyRoutes(app: App, service: Service): void {
  const { schemas, encoders } = service;

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
    async (request) => {
      const {
        evidence = DEFAULT_EVIDENCE,
        candidates = DEFAULT_CANDIDATES,
        together = false,
        why = false,
        efSearch,
        nprobe,
        filter,
        ...query
      } = request.body;
      const { gone: signal } = request;
      const live = requireLive(service);
      const work = (request.work = workOf(query));
      expectModestAnswer(work.texts + work.vectors, Math.max(query.k ?? DEFAULT_K, candidates), evidence);
      return live.use(async (collection) => {
        const vectors = await queryVectors(query, collection.encoder, encoders, signal);
        const k = query.k ?? Math.min(DEFAULT_K, collection.size);
        const extent = extentOf(collection, k, filter);
        const classify = { texts: query.texts, vectors, filter, candidates, together, why };
        const [found, classified] = await Promise.all([
          collection.identify(vectors, { k, efSearch, nprobe, filter, signal }),
          classifyTexts(collection, classify, signal),
        ]);
        const results = await Promise.all(
          found.map(async ({ ranking, neighbours }, i) => ({
            ...classified?.results[i],
            ranking,
            neighbours,
            evidence: await Promise.all(
              neighbours
                .slice(0, evidence)
                .map(async (neighbour) => ({ ...neighbour, ...(await answerOf(collection, neighbour.row)) })),
            ),
          })),
        );
        return { ...extent, ...(classified?.together && { together: classified.together }), results };
      });
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
    async (request) => {
      const { answers = true, efSearch, nprobe, filter, ...query } = request.body;
      const { gone: signal } = request;
      const live = requireLive(service);
      const work = (request.work = workOf(query));
      expectModestAnswer(
        work.texts + work.vectors,
        query.k ?? DEFAULT_SEARCH_K,
        answers ? (query.k ?? DEFAULT_SEARCH_K) : 0,
      );
      return live.use(async (collection) => {
        const vectors = await queryVectors(query, collection.encoder, encoders, signal);
        const k = query.k ?? Math.min(DEFAULT_SEARCH_K, collection.size);
        const extent = extentOf(collection, k, filter);
        const found = await collection.search(vectors, { k, efSearch, nprobe, filter, signal });
        const neighbourAt = async (i: number) => {
          const row = found.labels[i]!;
          return {
            row,
            distance: euclideanDistance(found.distances[i]!, collection.index.metric),
            valueId: collection.valueIdOf(row),
            ...(answers && (await answerOf(collection, row))),
          };
        };
        const results = await Promise.all(
          Array.from({ length: vectors.length / collection.dim }, async (_, query) => {
            const places = Array.from({ length: found.k }, (_, i) => query * found.k + i).filter(
              (i) => found.labels[i]! >= 0,
            );
            return { neighbours: await Promise.all(places.map(neighbourAt)) };
          }),
        );
        return { ...extent, results };
      });
    },
  );
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

function workOf({ texts, vectors }: { texts?: readonly unknown[]; vectors?: readonly unknown[] }): {
  texts: number;
  vectors: number;
} {
  return { texts: texts?.length ?? 0, vectors: vectors?.length ?? 0 };
}

async function answerOf(
  collection: Collection,
  row: number,
): Promise<{ qid: string; question: string; answer: string }> {
  const { qid, question, answer } = await collection.read(row);
  return { qid, question, answer };
}
