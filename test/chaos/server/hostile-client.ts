import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from '../../support/random.js';
import type { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';
import { type HostileRequest, hostileRequests, type Target } from './hostile-requests.js';

const PAUSE_MS = 300;
/** Time that it waits for a response or for the end of the connection. */
const PATIENCE_MS = 5000;
/** Another address of this machine, so that its wrong keys do not lock out the other clients. */
const ADDRESS = '127.0.0.2';

/** Sends hostile requests until the signal fires. */
export async function beHostile(
  target: Target,
  { seed, disturbs, log }: { seed: number; disturbs: Disturbance; log: ChaosLog },
  until: AbortSignal,
): Promise<void> {
  const random = seededRandom(seed);
  while (!until.aborted) {
    await sleep(PAUSE_MS * random());
    const requests = hostileRequests(target, random);
    const request = requests[Math.floor(requests.length * random())]!;
    const isExplained = disturbs.watch();
    const status = await statusOf(request, target.port);
    const { name, statuses, maySayNothing = false } = request;
    log.count(`hostile: ${name}: ${status ?? 'no response'}`);
    const isAllowed =
      status === undefined
        ? maySayNothing || isExplained()
        : statuses.includes(status) || (status === 503 && isExplained());
    log.expect(isAllowed, `"${name}" was answered with ${status ?? 'nothing'}, not with ${statuses.join(' or ')}`);
  }
}

/** Sends the bytes and returns the status of the response; undefined if there was none in time. */
async function statusOf({ bytes, byteMs }: HostileRequest, port: number): Promise<number | undefined> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: ADDRESS });
  let answer = '';
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (byteMs === undefined) socket.write(bytes);
  else
    for (let i = 0; i < bytes.length && !socket.destroyed; i++) {
      socket.write(bytes.subarray(i, i + 1));
      await sleep(byteMs);
    }
  await Promise.race([closed, sleep(PATIENCE_MS, undefined, { ref: false })]);
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}
