import type { SchemaElement } from 'hyparquet';

import { cellOf, EXPORT_COLUMNS, type ExportedRows } from './exported-rows.js';

const COLUMNS: readonly SchemaElement[] = EXPORT_COLUMNS.map((name) => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: name === 'group' ? 'OPTIONAL' : 'REQUIRED',
}));

/** A list of float32, as pyarrow and DuckDB write it. */
const VECTOR: readonly SchemaElement[] = [
  { name: 'vector', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

/** Formats rows as Parquet. Every part of the rows becomes a row group, and vectors a column of lists of float32. */
export async function* parquetParts(
  rows: AsyncIterable<ExportedRows>,
  dim: number,
  withVectors: boolean,
): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const writer = new ByteWriter();
  const columns = withVectors ? [...COLUMNS, ...VECTOR] : COLUMNS;
  const root: SchemaElement = { name: 'root', num_children: COLUMNS.length + (withVectors ? 1 : 0) };
  const parquet = new ParquetWriter({ writer, schema: [root, ...columns] });
  /** Takes what was written since the last call, and leaves the place to the next part. */
  const taken = (): Uint8Array => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };
  for await (const { records, vectors } of rows) {
    const rowGroupSize = records.length;
    const columnData = EXPORT_COLUMNS.map((name) => ({
      name,
      data: records.map((record) => cellOf(record, name)),
      offsetIndex: false,
    }));
    // Vectors neither repeat nor compress.
    const plain = { encoding: 'PLAIN', codec: 'UNCOMPRESSED', offsetIndex: false, statistics: false } as const;
    if (vectors) {
      const data = records.map((_, row) => Array.from(vectors.subarray(row * dim, (row + 1) * dim)));
      await parquet.write({ columnData: [...columnData, { name: 'vector', data, ...plain }], rowGroupSize });
    } else {
      await parquet.write({ columnData, rowGroupSize });
    }
    yield taken();
  }
  await parquet.finish();
  yield taken();
}
