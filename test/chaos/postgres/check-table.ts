import { openPgIndex } from '../../../src/pgvector.js';
import { searchedVectors } from '../../../src/pipeline/index/vector-source.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import type { ChaosLog } from '../log.js';

/** Checks that a table holds exactly the vectors and value ids of a dataset. */
export async function checkTable(server: PostgresServer, table: string, dir: string, log: ChaosLog): Promise<void> {
  // Compares every row with its digest, and the table with the checksum of the embeddings.
  await (await openPgIndex(dir, { url: server.url(), table })).dispose();
  const { dataset, vectors } = await searchedVectors(dir);
  const { names, labels } = await dataset.readValueIds();
  const rows = (await server.query(
    `SELECT model || '$' || lang AS id, embedding::text AS vector FROM ${table} ORDER BY label`,
  )) as { id: string; vector: string }[];
  let row = 0;
  let wrong = 0;
  for await (const batch of vectors.embeddingBatches(1024))
    for (let begin = 0; begin < batch.length; begin += vectors.dim, row++) {
      const values = rows[row]?.vector.slice(1, -1).split(',').map(Number) ?? [];
      const isSame = batch.subarray(begin, begin + vectors.dim).every((value, i) => value === Math.fround(values[i]!));
      if (!isSame || rows[row]!.id !== names[labels[row]!]) wrong++;
    }
  log.expect(row === rows.length, `the table ${table} has ${rows.length} rows, the dataset ${row}`);
  log.expect(wrong === 0, `${wrong} rows of the table ${table} differ from the dataset`);
}
