import { createHash } from 'node:crypto';

import type { GeneratedRecord } from '../records.js';

/** One question with what all models answered, in all languages. */
export interface Sample {
  qid: string;
  question: string;
  value: string;
  records: GeneratedRecord[];
}

/**
 * Some questions with all their records: those whose ids have the lowest hashes, so that the choice is even, the same
 * at every run, and known without a second pass.
 */
export class SampleCollector {
  readonly #chosen = new Map<string, { hash: string; sample: Sample }>();
  #highest = '';

  constructor(private readonly count: number) {}

  add(record: GeneratedRecord): void {
    const known = this.#chosen.get(record.qid);
    if (known) return void known.sample.records.push(record);
    const hash = createHash('sha256').update(record.qid).digest('hex');
    // Once refused, a question stays out: the highest hash only falls.
    if (this.count === 0 || (this.#chosen.size >= this.count && hash > this.#highest)) return;
    const { qid, source: question, value } = record;
    this.#chosen.set(qid, { hash, sample: { qid, question, value, records: [record] } });
    if (this.#chosen.size > this.count) this.#chosen.delete(this.#highestEntry());
    this.#highest = this.#chosen.get(this.#highestEntry())!.hash;
  }

  /** In the order of their values and questions. */
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
