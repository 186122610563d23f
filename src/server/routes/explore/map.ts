import { Type } from 'typebox';

import type { ExploreHeader, ExploreRecord } from '../../../explore/api-types.js';
import type { Exploration } from '../../../explore/exploration.js';
import type { App, Service } from '../../service.js';
import { integerList } from './parameters.js';

/** Texts that one request returns, and UTF-16 units of each unless it asks for more. */
const MOST_RECORDS = 200;
const TEXT_LENGTH = 2000;
const LONGEST_TEXT = 2 ** 21;

type ArrayName = 'coordinates' | 'value-ids' | 'lengths' | 'questions';

/** Adds the routes of what the page draws: its description, its arrays, labels, and texts of single answers. */
export function addMapRoutes(app: App, { live }: Service, exploration: Exploration): void {
  const { dataset, layout, rowColumns, valueIds } = exploration;
  const collection = live!;

  app.get(
    '/v1/explore',
    { schema: { summary: 'Describes the map', tags: ['explore'] } },
    (): ExploreHeader => ({
      title: exploration.title,
      dataset: dataset.dir,
      rows: dataset.rows,
      encoder: dataset.manifest.encoder.name,
      laidOut: layout.laidOut.length,
      columns: exploration.columns,
      numbers: exploration.numbers,
      questions: rowColumns.firstRows.length,
      fitted: collection.current.fit !== undefined,
      classifier: collection.current.classifier !== undefined,
      search: exploration.texts.state,
    }),
  );

  const arrays: Record<ArrayName, Float32Array | Int32Array | Uint32Array> = {
    coordinates: layout.coordinates,
    'value-ids': valueIds.labels,
    lengths: rowColumns.lengths,
    questions: rowColumns.questions,
  };
  app.get(
    '/v1/explore/arrays/:name',
    {
      schema: {
        summary: 'A column of all answers, little-endian: coordinates [rows, 2] float32; the others [rows] uint32',
        tags: ['explore'],
        params: Type.Object({ name: Type.Enum(Object.keys(arrays) as ArrayName[]) }),
      },
    },
    ({ params, held }, reply) => {
      const { buffer, byteOffset, byteLength } = arrays[params.name];
      held.add(byteLength);
      return reply.type('application/octet-stream').send(Buffer.from(buffer, byteOffset, byteLength));
    },
  );

  app.get('/v1/explore/labels', { schema: { summary: 'Labels of the regions', tags: ['explore'] } }, () => ({
    labels: exploration.regions,
  }));

  app.get(
    '/v1/explore/records',
    {
      schema: {
        summary: `Texts of some answers: rows=1,2,3, at most ${MOST_RECORDS}; length=n cuts each text`,
        tags: ['explore'],
        querystring: Type.Object({ rows: Type.String(), length: Type.Optional(Type.String()) }),
      },
    },
    async ({ query }) => {
      const rows = integerList(query.rows, 'rows', { most: MOST_RECORDS, max: dataset.rows - 1 });
      const [length] = integerList(query.length ?? String(TEXT_LENGTH), 'length', { most: 1, max: LONGEST_TEXT });
      return collection.use(async (open) => {
        const records = await Promise.all(rows.map((row) => open.read(row)));
        return {
          records: records.map(
            ({ qid, question, answer, model, lang }, i): ExploreRecord => ({
              row: rows[i]!,
              qid,
              question: cut(question, length!),
              answer: cut(answer, length!),
              isCut: answer.length > length! || question.length > length!,
              model,
              lang,
            }),
          ),
        };
      });
    },
  );
}

/** Cuts a text, but not between the halves of a surrogate pair. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text[length - 1] ?? '');
  return text.slice(0, isSplit ? length - 1 : length);
}
