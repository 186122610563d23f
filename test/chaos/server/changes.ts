import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '../../support/random.js';
import type { ChaosLog } from '../log.js';
import type { Client } from './client.js';
import type { Ledger } from './ledger.js';

const ADDED = [201];
const REMOVED = [200];
const FOUND = [200];
const PAUSE_MS = 400;
/** Rows of a hub: answers whose vectors are equal, or differ by a millionth. */
const HUB_ROWS = 40;

export interface ChangingClient {
  client: Client;
  ledger: Ledger;
  dim: number;
  seed: number;
  log: ChaosLog;
}

/** Adds and removes answers until the signal fires, and searches for some of them as soon as they are acknowledged. */
export async function makeChanges(options: ChangingClient, until: AbortSignal): Promise<void> {
  const random = seededRandom(options.seed);
  const vectorOf = (): number[] => Array.from({ length: options.dim }, () => Math.fround(10 + 10 * random()));
  const mine: number[] = [];
  for (let turn = 0; !until.aborted; turn++) {
    await sleep(PAUSE_MS * random());
    const what = random();
    if (what < 0.2 && mine.length > 0) await remove(options, takeSome(mine, random));
    else if (what < 0.25) mine.push(...(await add(options, turn, hubOf(vectorOf(), random), HUB_ROWS)));
    else mine.push(...(await add(options, turn, Array.from({ length: 1 + Math.floor(4 * random()) }, vectorOf), 1)));
  }
}

/** Adds answers, and returns the rows that were acknowledged. */
async function add({ client, ledger, seed, log }: ChangingClient, turn: number, vectors: number[][], hub: number) {
  const answers = vectors.map((vector, i) => ({ answer: `client ${seed} turn ${turn} answer ${i}`, vector, hub }));
  const addition: Ledger['additions'][number] = { answers, rows: undefined };
  ledger.additions.push(addition);
  const records = answers.map(({ answer }) => ({ qid: 'q', question: 'w1', answer, model: 'm', lang: 'eng' }));
  const added = await client.send('POST', '/v1/index', { records, vectors }, ADDED);
  if (added?.status !== 201) return [];
  const rows = (addition.rows = added.body['rows'] as number[]);
  // An acknowledged answer can be found at once.
  const { answer, vector } = answers[0]!;
  const search = { vectors: [vector], k: hub, answers: true };
  const found = await client.send('POST', '/v1/search', search, FOUND);
  if (found?.status !== 200) return rows;
  const [{ neighbours }] = found.body['results'] as [{ neighbours: { row: number; answer: string }[] }];
  const isFound = neighbours.some((neighbour) => neighbour.row === rows[0] && neighbour.answer === answer);
  log.expect(isFound, `row ${rows[0]}, just acknowledged, is not found`);
  return rows;
}

async function remove({ client, ledger }: ChangingClient, rows: number[]): Promise<void> {
  const removal = { rows, isAcknowledged: false };
  ledger.removals.push(removal);
  const removed = await client.send('DELETE', '/v1/index', { rows }, REMOVED);
  removal.isAcknowledged = removed?.status === 200;
}

/** Copies of a vector, half of them with a millionth added to one entry. */
function hubOf(vector: number[], random: () => number): number[][] {
  return Array.from({ length: HUB_ROWS }, (_, i) => {
    const entry = Math.floor(random() * vector.length);
    return i % 2 === 0 ? vector : vector.with(entry, Math.fround(vector[entry]! * (1 + 1e-6)));
  });
}

/** Takes one to five entries out of a list. */
function takeSome<T>(list: T[], random: () => number): T[] {
  return list.splice(Math.floor(random() * list.length), 1 + Math.floor(5 * random()));
}
