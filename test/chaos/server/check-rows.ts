import { type Row, readNumberedRows } from '../../support/changed-dataset.js';
import type { ChaosLog } from '../log.js';
import type { Client } from './client.js';
import type { Ledger } from './ledger.js';

/** Vectors in one request. */
const AT_ONCE = 100;

/**
 * Compares the rows on disk with what the server acknowledged: nothing acknowledged is lost, and everything else is
 * either whole or absent.
 */
export async function checkRows(dir: string, ledger: Ledger, log: ChaosLog): Promise<void> {
  const rows = await readNumberedRows(dir);
  const removed = new Set(ledger.removals.flatMap((removal) => removal.rows));
  const rowOf = new Map(rows.flatMap((row, i) => (row ? [[row.record.answer, i] as const] : [])));
  const lost: number[] = [];
  for (const { answers, rows: acknowledged } of ledger.additions) {
    if (!acknowledged) {
      const present = answers.filter(({ answer }) => rowOf.has(answer)).length;
      const isWhole = present === 0 || present === answers.length;
      log.expect(isWhole, `${present} of the ${answers.length} answers of an unacknowledged addition are there`);
      log.count(`server: unacknowledged additions that are ${present === 0 ? 'absent' : 'whole'}`);
      continue;
    }
    acknowledged.forEach((row, i) => {
      const { answer, vector } = answers[i]!;
      if (removed.has(row)) return;
      if (!isRow(rows[row], answer, vector)) lost.push(row);
      log.count('server: acknowledged rows');
    });
  }
  log.expect(
    lost.length === 0,
    `${lost.length} acknowledged rows are lost; the first are ${lost.slice(0, 5).join(', ')}`,
  );
  for (const { rows: given, isAcknowledged } of ledger.removals) {
    const gone = given.filter((row) => rows[row] === undefined).length;
    const isWhole = gone === given.length || (gone === 0 && !isAcknowledged);
    const kind = isAcknowledged ? 'acknowledged' : 'unacknowledged';
    log.expect(isWhole, `an ${kind} removal removed ${gone} of its ${given.length} rows`);
    log.count(`server: ${kind} removals`);
  }
}

function isRow(row: Row | undefined, answer: string, vector: readonly number[]): boolean {
  return row?.record.answer === answer && row.vector.every((value, i) => value === vector[i]);
}

/** Searches for every acknowledged answer. Returns how many were not found. */
export async function countLost(client: Client, ledger: Ledger): Promise<number> {
  const wanted = [...ledger.remaining()];
  let lost = 0;
  for (let begin = 0; begin < wanted.length; begin += AT_ONCE) {
    const some = wanted.slice(begin, begin + AT_ONCE);
    const k = Math.max(...some.map(([, { hub }]) => hub));
    const vectors = some.map(([, { vector }]) => vector);
    const found = await client.send('POST', '/v1/search', { vectors, k, answers: true }, [200]);
    const results = (found?.body['results'] ?? []) as { neighbours: { row: number; answer: string }[] }[];
    for (const [i, [row, { answer }]] of some.entries())
      if (!results[i]?.neighbours.some((neighbour) => neighbour.row === row && neighbour.answer === answer)) lost++;
  }
  return lost;
}
