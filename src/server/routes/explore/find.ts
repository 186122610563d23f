import { Type } from 'typebox';

import { distancesToRow } from '../../../explore/distances.js';
import type { Exploration } from '../../../explore/exploration.js';
import { euclideanDistance } from '../../../search/euclidean-distance.js';
import type { App, Service } from '../../service.js';
import { integerParameter } from './parameters.js';

const MOST_FOUND = 500;
const MOST_NEIGHBOURS = 200;

/** Adds the routes that find answers: by words, by neighbours, by question, and by distance. */
export function addFindRoutes(app: App, { live }: Service, exploration: Exploration): void {
  const { dataset, texts } = exploration;
  const collection = live!;
  const rowOf = (text: string): number => integerParameter(text, 'row', 0, dataset.rows - 1);
  const byRow = Type.Object({ row: Type.String() });
  const byText = Type.Object({ q: Type.String() });

  app.get(
    '/v1/explore/texts',
    { schema: { summary: 'State of the text index', tags: ['explore'] } },
    () => texts.state,
  );

  app.get(
    '/v1/explore/texts/search',
    {
      schema: {
        summary: 'Answers with all of some words, "phrases", prefixes* and without -others, best first',
        tags: ['explore'],
        querystring: Type.Object({ q: Type.String(), limit: Type.Optional(Type.String()) }),
      },
    },
    ({ query: { q, limit = '100' } }) => texts.find(q, integerParameter(limit, 'limit', 1, MOST_FOUND)),
  );

  app.get(
    '/v1/explore/texts/rows',
    {
      schema: {
        summary: 'All answers that a search finds, as one bit per row',
        tags: ['explore'],
        querystring: byText,
      },
    },
    async ({ query, held }, reply) => {
      const bitmap = await texts.findAll(query.q);
      held.add(bitmap.length);
      return reply.type('application/octet-stream').send(Buffer.from(bitmap.buffer));
    },
  );

  app.get(
    '/v1/explore/neighbours',
    {
      schema: {
        summary: 'The nearest answers of an answer, by the index',
        tags: ['explore'],
        querystring: Type.Object({ row: Type.String(), k: Type.Optional(Type.String()) }),
      },
    },
    async ({ query, gone: signal }) => {
      const row = rowOf(query.row);
      const k = integerParameter(query.k ?? '20', 'k', 1, MOST_NEIGHBOURS);
      return collection.use(async (open) => {
        const vector = await vectorOf(open.fit ?? open.dataset, row);
        const found = await open.search(vector, { k: Math.min(k + 1, open.size), signal });
        const neighbours = Array.from(found.labels, (label, i) => ({
          row: label,
          distance: euclideanDistance(found.distances[i]!, open.index.metric),
        }));
        // Answers that a server added are in the index, but not on the map.
        const shown = neighbours.filter(({ row: other }) => other >= 0 && other !== row && other < dataset.rows);
        return { neighbours: shown.slice(0, k) };
      });
    },
  );

  app.get(
    '/v1/explore/question',
    { schema: { summary: 'The answers to the question of an answer', tags: ['explore'], querystring: byRow } },
    ({ query }) => ({ rows: exploration.rowsOfQuestion(rowOf(query.row)) }),
  );

  app.get(
    '/v1/explore/distances',
    {
      schema: {
        summary: 'Euclidean distances of all answers to one, [rows] float32, by the encoder that embedded the dataset',
        tags: ['explore'],
        querystring: byRow,
      },
    },
    async ({ query, gone, held }, reply) => {
      const row = rowOf(query.row);
      held.add(dataset.rows * Float32Array.BYTES_PER_ELEMENT);
      const distances = await distancesToRow(dataset, row, gone);
      return reply.type('application/octet-stream').send(Buffer.from(distances.buffer));
    },
  );
}

async function vectorOf(
  vectors: Pick<Exploration['dataset'], 'dim' | 'openEmbeddings'>,
  row: number,
): Promise<Float32Array> {
  const vector = new Float32Array(vectors.dim);
  const reader = vectors.openEmbeddings();
  try {
    await reader.read(row, vector);
  } finally {
    await reader.close();
  }
  return vector;
}
