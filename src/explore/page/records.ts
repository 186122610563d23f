/** Texts of answers, which are fetched when they are looked at. */
import type { ExploreRecord } from '../api-types.js';
import { getJson } from './api.js';

const MOST_KEPT = 2000;
const ROWS_PER_REQUEST = 100;

export class Records {
  readonly #kept = new Map<number, ExploreRecord>();

  /** Returns the records of some rows, with texts that are cut to what a list shows. */
  async read(rows: readonly number[]): Promise<ExploreRecord[]> {
    const found = new Map<number, ExploreRecord>();
    const missing: number[] = [];
    for (const row of rows) {
      const record = this.#kept.get(row);
      if (record) found.set(row, record);
      else missing.push(row);
    }
    for (let begin = 0; begin < missing.length; begin += ROWS_PER_REQUEST) {
      const some = missing.slice(begin, begin + ROWS_PER_REQUEST);
      const { records } = await getJson<{ records: ExploreRecord[] }>('/v1/explore/records', { rows: some.join(',') });
      for (const record of records) {
        found.set(record.row, record);
        this.#kept.set(record.row, record);
      }
    }
    for (const row of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(row);
    }
    return rows.map((row) => found.get(row)!);
  }

  /** Returns a record with its whole texts. */
  async readWhole(row: number): Promise<ExploreRecord> {
    const parameters = { rows: row, length: 2_000_000 };
    const { records } = await getJson<{ records: ExploreRecord[] }>('/v1/explore/records', parameters);
    return records[0]!;
  }
}
