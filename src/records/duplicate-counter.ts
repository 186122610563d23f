import { createHash } from 'node:crypto';

import { expectRecord, type QaRecord } from './record.js';

const FIRST_CAPACITY = 2 ** 12;
const LARGEST_LOAD = 3 / 4;

/**
 * Counts records that equal an earlier one in every field. Keeps 64 bits of a hash for each distinct record in an open
 * table that is 3/8 to 3/4 full: 11 to 22 bytes a record. One false alarm is expected among about six billion records.
 */
export class DuplicateCounter {
  /** Records that equal an earlier one. */
  duplicates = 0;
  #table = new BigUint64Array(FIRST_CAPACITY);
  #used = 0;

  /** Counts a record; true when an equal one was there before. @throws EngineError `ERR_ARG_TYPE` */
  add(record: QaRecord): boolean {
    const { qid, question, answer, model, lang, group = '' } = expectRecord(record, 'record');
    const digest = createHash('sha256')
      .update(JSON.stringify([qid, question, answer, model, lang, group]))
      .digest();
    const hash = digest.readBigUInt64LE() || 1n; // 0 marks a free slot
    if (!insert(this.#table, hash)) {
      this.duplicates++;
      return true;
    }
    if (++this.#used > this.#table.length * LARGEST_LOAD) {
      const larger = new BigUint64Array(this.#table.length * 2);
      for (const old of this.#table) if (old !== 0n) insert(larger, old);
      this.#table = larger;
    }
    return false;
  }
}

/** False when the hash is in the table already. */
function insert(table: BigUint64Array, hash: bigint): boolean {
  const mask = table.length - 1;
  let slot = Number(hash & BigInt(mask));
  while (table[slot] !== 0n) {
    if (table[slot] === hash) return false;
    slot = (slot + 1) & mask;
  }
  table[slot] = hash;
  return true;
}
