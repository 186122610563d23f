import { EngineError } from '../core/errors.js';
import { splitValueId } from '../core/value-id.js';
import { ByteStream } from '../records/formats/byte-stream.js';
import { readCsv } from '../records/formats/csv-reader.js';
import { type MapColumn, VALUE_ID_COLUMN } from './value-map.js';

/** Properties of models by the name of the model, for example `{ 'gpt-4': { family: 'GPT', developer: 'OpenAI' } }`. */
export interface ModelTable {
  /** File of the table, for messages. */
  file: string;
  /** Names of the properties. */
  properties: string[];
  models: Map<string, Record<string, string>>;
}

/** Category of models that are missing in the table. */
const UNKNOWN = '(unknown)';
const RESERVED: readonly string[] = [VALUE_ID_COLUMN, 'model', 'lang'];

/**
 * Reads a CSV file with a column `model`. Its other columns are properties.
 *
 * @throws EngineError `ERR_DATA` naming the line, `ERR_IO`
 */
export async function readModelTable(file: string, signal?: AbortSignal): Promise<ModelTable> {
  const models = new Map<string, Record<string, string>>();
  let properties: string[] = [];
  for await (const rows of readCsv(new ByteStream(file, signal).chunks(), file)) {
    for (const { cells, line } of rows) {
      if (typeof cells === 'string') throw new EngineError('ERR_DATA', `${file}:${line}: ${cells}`);
      const { model, ...rest } = cells as Record<string, string>;
      if (model === undefined)
        throw new EngineError(
          'ERR_DATA',
          `${file} has no column "model"; its columns are ${Object.keys(rest).join(', ')}`,
        );
      const reserved = Object.keys(rest).find((name) => RESERVED.includes(name));
      if (reserved !== undefined)
        throw new EngineError('ERR_DATA', `${file} has a column "${reserved}", which answers have too; rename it`);
      if (models.has(model)) throw new EngineError('ERR_DATA', `${file}:${line}: the model "${model}" is listed twice`);
      properties = Object.keys(rest);
      models.set(model, rest);
    }
  }
  if (models.size === 0) throw new EngineError('ERR_DATA', `${file} has no rows`);
  return { file, properties, models };
}

/** Builds the columns by which points can be coloured: value id, model, language and the properties of models. */
export function mapColumns(valueIds: readonly string[], table?: ModelTable): MapColumn[] {
  const column = (name: string, valueOf: (valueId: string) => string): MapColumn => {
    const all = valueIds.map(valueOf);
    const values = [...new Set(all)].sort();
    const positions = new Map(values.map((value, i) => [value, i]));
    return { name, values, codes: all.map((value) => positions.get(value)!) };
  };
  return [
    column(VALUE_ID_COLUMN, (id) => id),
    column('model', (id) => splitValueId(id).model),
    column('lang', (id) => splitValueId(id).lang),
    ...(table?.properties ?? []).map((property) =>
      column(property, (id) => table?.models.get(splitValueId(id).model)?.[property]?.trim() || UNKNOWN),
    ),
  ];
}
