import { hashText } from '../core/text-hash.js';
import { expectRecord, type QaRecord } from './record.js';

const FIRST_CAPACITY = 2 ** 12;
const LARGEST_LOAD = 3 / 4;

/**
 * Counts records that equal an earlier one in every field. Stores a 64-bit hash of each distinct record in an open hash
 * table that is 3/8 to 3/4 full: 11 to 22 bytes per record. One false positive is expected in about six billion
 * records.
 */
export class DuplicateCounter {
  /** Number of records that equal an earlier one. */
  duplicates = 0;
  #table = new BigUint64Array(FIRST_CAPACITY);
  #used = 0;
  /** The hash of one record, and its words. */
  readonly #hash = new BigUint64Array(1);
  readonly #words = new Uint32Array(this.#hash.buffer);

  /** Adds a record. Returns true if an equal one was added before. @throws EngineError `ERR_ARG_TYPE` */
  add(record: QaRecord): boolean {
    const { qid, question, answer, model, lang, group = '' } = expectRecord(record, 'record');
    // The lengths separate the fields.
    const lengths = [qid, question, answer, model, lang].map(({ length }) => length).join();
    hashText(`${lengths}:${qid}${question}${answer}${model}${lang}${group}`, this.#words);
    const hash = this.#hash[0]! || 1n; // 0 marks a free slot
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

/** Returns false if the hash is already in the table. */
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
