/**
 * Runs the server, the queue and PostgreSQL under load while faults happen to them, and then checks that univar has
 * kept its promises: `npm run test:chaos -- [--minutes 30] [--seed 1] [--parts server,queue,postgres]`. The seed
 * decides which faults happen when, and what the clients send. Exits with 1 if a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { seededRandom } from '../support/random.js';
import { planFaults, runFaults } from './fault.js';
import { ChaosLog } from './log.js';
import type { Part } from './part.js';
import { makePostgresPart } from './postgres/postgres-part.js';
import { makeQueuePart } from './queue/queue-part.js';
import { makeServerPart } from './server/server-part.js';

/** Makes a part; or returns why it cannot run here. */
type MakePart = (scratch: string, seed: number, log: ChaosLog) => Promise<Part | string>;

const PARTS: Record<string, MakePart> = { server: makeServerPart, queue: makeQueuePart, postgres: makePostgresPart };

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    parts: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});
const seconds = 60 * Number(options.minutes);
const seed = Number(options.seed);
const names = options.parts.split(',');
if (!(seconds > 0)) throw new Error(`Expected a number of minutes above 0 for --minutes, got ${options.minutes}`);
if (!Number.isInteger(seed)) throw new Error(`Expected an integer for --seed, got ${options.seed}`);
const unknown = names.find((name) => !(name in PARTS));
if (unknown !== undefined) throw new Error(`Expected ${Object.keys(PARTS).join(', ')} for --parts, got ${unknown}`);

const log = new ChaosLog();
log.say(
  `seed ${seed}; to repeat: npm run test:chaos -- --minutes ${options.minutes} --seed ${seed} --parts ${options.parts}`,
);
const scratch = mkdtempSync(join(tmpdir(), 'univar-chaos-'));
const parts: Part[] = [];
try {
  for (const name of names) {
    const part = await PARTS[name]!(scratch, seed, log);
    if (typeof part === 'string') log.say(`skipped: ${name}: ${part}`);
    else parts.push(part);
  }
  for (const reason of parts.flatMap(({ skipped }) => skipped)) log.say(`skipped: ${reason}`);
  const faults = parts.flatMap((part) => part.faults);
  const over = new AbortController();
  const loads = parts.map(({ name, load }) =>
    load(over.signal).catch((error: unknown) => log.violation(`the load of ${name} failed: ${String(error)}`)),
  );
  await runFaults(planFaults(faults, seconds, seededRandom(seed)), log);
  log.say('all faults are healed; the load ends');
  over.abort();
  await Promise.all(loads);
  for (const { name, check } of parts) {
    log.say(`checking ${name}`);
    await check().catch((error: unknown) => log.violation(`the check of ${name} failed: ${String(error)}`));
  }
} finally {
  for (const { close } of parts) await close();
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = log.summary();
