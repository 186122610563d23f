import { setTimeout as sleep } from 'node:timers/promises';

import { EngineError } from '../../../src/core/errors.js';
import { PgVectorIndex } from '../../../src/pgvector.js';
import type { PostgresServer } from '../../support/postgres-server.js';
import { seededRandom } from '../../support/random.js';
import type { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';

const DIM = 16;
const PAUSE_MS = 300;
/** Time after which every call has ended: it connects within 8 s, and gives up a silent server after half a minute. */
const CALL_MS = 60_000;
const VALUE_IDS = ['m1$eng', 'm2$fra'];

interface Addition {
  vectors: number[][];
  valueIds: string[];
  /** Label of the first; undefined if the call failed. */
  first: number | undefined;
}

/** A program that adds to, removes from and searches a table of its own, and remembers what was acknowledged. */
export class TableLoad {
  readonly #additions: Addition[] = [];
  readonly #removed: { label: number; isAcknowledged: boolean }[] = [];
  readonly #random: () => number;

  constructor(
    private readonly place: { url: string; table: string },
    seed: number,
    private readonly disturbs: Disturbance,
    private readonly log: ChaosLog,
  ) {
    this.#random = seededRandom(seed);
  }

  /** Creates the table and uses it until the signal fires. */
  async run(until: AbortSignal): Promise<void> {
    const index = await PgVectorIndex.create({ ...this.place, dim: DIM, metric: 'l2', factory: 'HNSW8' });
    const mine: number[] = [];
    while (!until.aborted) {
      await sleep(PAUSE_MS * this.#random());
      const what = this.#random();
      if (what < 0.2 && mine.length > 0) await this.#remove(index, mine.splice(0, 3));
      else if (what < 0.5 && mine.length > 0) await this.#search(index);
      else mine.push(...(await this.#add(index)));
    }
    await index.dispose();
  }

  /** Compares the table with what was acknowledged. */
  async check(server: PostgresServer): Promise<void> {
    const { log } = this;
    await (await PgVectorIndex.open({ ...this.place, url: server.url() })).dispose(); // compares every digest
    const rows = (await server.query(
      `SELECT label, model || '$' || lang AS id, embedding::text AS vector FROM ${this.place.table} ORDER BY label`,
    )) as { label: number; id?: string; vector: string | null }[];
    log.expect(
      rows.every(({ label }, i) => label === i),
      'the labels of the table have gaps',
    );
    const isThere = ({ vectors, valueIds }: Addition, i: number, label: number): boolean => {
      const { id, vector } = rows[label] ?? { vector: null };
      return vector !== null && id === valueIds[i] && sameVector(vector, vectors[i]!);
    };
    const tried = new Set(this.#removed.map(({ label }) => label));
    for (const addition of this.#additions) {
      const { first, vectors } = addition;
      if (first === undefined) {
        const vectorsOfTable = rows.flatMap(({ vector }) => (vector === null ? [] : [vector]));
        const present = vectors.filter((vector) => vectorsOfTable.some((text) => sameVector(text, vector))).length;
        const isWhole = present === 0 || present === vectors.length;
        log.expect(isWhole, `${present} of the ${vectors.length} vectors of a failed addition are in the table`);
        log.count(`PostgreSQL: failed additions that are ${present === 0 ? 'absent' : 'whole'}`);
        continue;
      }
      vectors.forEach((_, i) => {
        if (tried.has(first + i)) return;
        log.expect(isThere(addition, i, first + i), `row ${first + i} was acknowledged, but the table has another one`);
        log.count('PostgreSQL: acknowledged rows');
      });
    }
    for (const { label, isAcknowledged } of this.#removed)
      log.expect(!isAcknowledged || rows[label]?.vector === null, `row ${label} was removed, but is in the table`);
  }

  async #add(index: PgVectorIndex): Promise<number[]> {
    const vectors = Array.from({ length: 1 + Math.floor(8 * this.#random()) }, () =>
      Array.from({ length: DIM }, () => Math.fround(this.#random())),
    );
    const valueIds = vectors.map((_, i) => VALUE_IDS[i % VALUE_IDS.length]!);
    const addition: Addition = { vectors, valueIds, first: undefined };
    this.#additions.push(addition);
    const first = await this.#call('add', () => index.add(Float32Array.from(vectors.flat()), { valueIds }));
    addition.first = first;
    return first === undefined ? [] : vectors.map((_, i) => first + i);
  }

  async #remove(index: PgVectorIndex, labels: number[]): Promise<void> {
    const removals = labels.map((label) => ({ label, isAcknowledged: false }));
    this.#removed.push(...removals);
    const count = await this.#call('remove', () => index.remove(Int32Array.from(labels)));
    if (count === undefined) return;
    this.log.expect(count === labels.length, `a removal of ${labels.length} rows found ${count} of them`);
    for (const removal of removals) removal.isAcknowledged = true;
  }

  async #search(index: PgVectorIndex): Promise<void> {
    const known = this.#additions.filter(({ first }) => first !== undefined).at(-1);
    if (!known) return;
    const found = await this.#call('search', () => index.search(Float32Array.from(known.vectors[0]!), { k: 1 }));
    if (!found) return;
    const isRemoved = this.#removed.some(({ label }) => label === known.first);
    this.log.expect(isRemoved || found.labels[0] === known.first, `a search did not find row ${known.first}`);
  }

  /** Returns the result, or undefined if a fault made the call fail. */
  async #call<T>(name: string, act: () => Promise<T>): Promise<T | undefined> {
    const { log } = this;
    const isExplained = this.disturbs.watch();
    const timer = setTimeout(
      () => log.violation(`the call ${name} of PgVectorIndex has not ended after ${CALL_MS / 1000} s`),
      CALL_MS,
    );
    try {
      const result = await act();
      log.count(`PostgreSQL: ${name}`);
      return result;
    } catch (error) {
      const code = error instanceof EngineError ? error.code : 'no EngineError';
      log.count(`PostgreSQL: ${name} failed with ${code}`);
      log.expect(isExplained() && code === 'ERR_REMOTE', `${name} of PgVectorIndex failed: ${String(error)}`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function sameVector(text: string, vector: readonly number[]): boolean {
  const values = text.slice(1, -1).split(',');
  return values.length === vector.length && values.every((value, i) => Math.fround(Number(value)) === vector[i]);
}
