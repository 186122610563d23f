import { Readable } from 'node:stream';
import { Type } from 'typebox';

import { toCsv } from '../../../core/csv.js';
import type { LiveCollection } from '../../../datasets/live/live-collection.js';
import type { Exploration } from '../../../explore/exploration.js';
import { decodeSelection } from '../../../explore/selected-rows.js';
import type { QaRecord } from '../../../records/record.js';
import type { App, Service } from '../../service.js';

const READ_AT_ONCE = 64;
const FIELDS = ['qid', 'question', 'answer', 'model', 'lang', 'group'] as const;
const TYPES = { jsonl: 'application/x-ndjson', csv: 'text/csv' } as const;

/** Adds the route that exports the answers of a selection. */
export function addExportRoute(app: App, { live }: Service, exploration: Exploration): void {
  const { dataset } = exploration;
  app.post(
    '/v1/explore/export',
    {
      schema: {
        summary: 'Answers of a selection as JSONL or CSV',
        tags: ['explore'],
        body: Type.Object(
          {
            rows: Type.String({ description: 'base64 of one bit per row, the first row lowest' }),
            format: Type.Enum(['jsonl', 'csv']),
          },
          { additionalProperties: false },
        ),
      },
    },
    ({ body }, reply) => {
      const format = body.format;
      const rows = decodeSelection(body.rows, dataset.rows);
      return reply
        .type(`${TYPES[format]}; charset=utf-8`)
        .header('content-disposition', `attachment; filename="selection.${format}"`)
        .send(Readable.from(lines(live!, rows, format), { objectMode: false }));
    },
  );
}

async function* lines(
  live: LiveCollection,
  rows: readonly number[],
  format: keyof typeof TYPES,
): AsyncGenerator<string> {
  if (format === 'csv') yield toCsv([FIELDS]);
  for (let begin = 0; begin < rows.length; begin += READ_AT_ONCE) {
    const some = rows.slice(begin, begin + READ_AT_ONCE);
    const records = await live.use((open) => Promise.all(some.map((row) => open.read(row))));
    yield format === 'csv'
      ? toCsv(records.map((record) => FIELDS.map((field) => record[field] ?? null)))
      : records.map(toLine).join('');
  }
}

function toLine({ qid, question, answer, model, lang, group }: QaRecord): string {
  return `${JSON.stringify({ qid, question, answer, model, lang, group })}\n`;
}
