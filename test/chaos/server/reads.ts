import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '../../support/random.js';
import type { Client } from './client.js';

const PAUSE_MS = 200;
const OK = [200];

/** Identifies, searches and embeds texts, and asks for descriptions, until the signal fires. */
export async function makeReads(client: Client, seed: number, until: AbortSignal): Promise<void> {
  const random = seededRandom(seed);
  const text = (): string => Array.from({ length: 20 }, () => `w${Math.floor(300 * random())}`).join(' ');
  const texts = (): string[] => Array.from({ length: 1 + Math.floor(16 * random()) }, text);
  const requests: (() => Promise<unknown>)[] = [
    () => client.send('POST', '/v1/identify', { texts: texts(), k: 20, evidence: 3 }, OK),
    () => client.send('POST', '/v1/identify', { texts: texts(), k: 5, filter: { model: 'model-0' } }, OK),
    () => client.send('POST', '/v1/search', { texts: texts(), k: 10, answers: true }, OK),
    () => client.send('POST', '/v1/embeddings', { input: texts(), encoding_format: 'base64' }, OK),
    () => client.send('GET', '/v1/index', undefined, OK),
    () => client.send('GET', '/healthz', undefined, OK),
    // Only one reload runs at a time.
    () => client.send('POST', '/v1/admin/reload', {}, [200, 409]),
  ];
  while (!until.aborted) {
    await sleep(PAUSE_MS * random());
    await requests[Math.floor(requests.length * random())]!();
  }
}
