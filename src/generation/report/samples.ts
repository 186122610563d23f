import { createHash } from 'node:crypto';

import type { GeneratedRecord } from '../records.js';

/** One question with the answers of all models in all languages. */
export interface Sample {
  qid: string;
  question: string;
  value: string;
  records: GeneratedRecord[];
}

/**
 * Chooses questions and keeps all their records. It takes the ids with the lowest hashes, so the choice is uniform, the
 * same in every run, and needs only one pass.
 */
export class SampleCollector {
  readonly #chosen = new Map<string, { hash: string; sample: Sample }>();
  #highest = '';

  constructor(private readonly count: number) {}

  add(record: GeneratedRecord): void {
    const known = this.#chosen.get(record.qid);
    if (known) return void known.sample.records.push(record);
    const hash = createHash('sha256').update(record.qid).digest('hex');
    // A rejected question stays out because the highest hash only falls.
    if (this.count === 0 || (this.#chosen.size >= this.count && hash > this.#highest)) return;
    const { qid, source: question, value } = record;
    this.#chosen.set(qid, { hash, sample: { qid, question, value, records: [record] } });
    if (this.#chosen.size > this.count) this.#chosen.delete(this.#highestEntry());
    this.#highest = this.#chosen.get(this.#highestEntry())!.hash;
  }

  /** Returns the samples, ordered by value and question. */
  samples(): Sample[] {
    return [...this.#chosen.values()]
      .map(({ sample }) => sample)
      .sort((a, b) => (`${a.value} ${a.question}` < `${b.value} ${b.question}` ? -1 : 1));
  }

  #highestEntry(): string {
    let highest: [string, string] | undefined;
    for (const [qid, { hash }] of this.#chosen) if (!highest || hash > highest[1]) highest = [qid, hash];
    return highest![0];
  }
}
