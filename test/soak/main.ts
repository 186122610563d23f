/**
 * Does everything that uses the addon at once, for a given time, in variants that follow from a seed. Run it with the
 * sanitizers (scripts/soak.mjs): they report what only damages memory. Results are checked roughly.
 *
 *   node --expose-gc --import tsx test/soak/main.ts --seconds 60 --seed 1 [--lanes 4] [--only training,indexes]
 */
import { parseArgs } from 'node:util';

import { capabilities } from '../../src/native/capabilities.js';
import { ACTIVITIES } from './activities.js';
import type { Activity } from './activity.js';
import { Draw } from './draw.js';
import { workers } from './workers.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
});
const all: Readonly<Record<string, Activity>> = { ...ACTIVITIES, workers };
const names = values.only?.split(',') ?? Object.keys(all);
const seed = Number(values.seed);
const end = performance.now() + 1000 * Number(values.seconds);
const counts = new Map<string, number>();
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs one activity after the other. Lane and number of a run decide what it does. */
async function runLane(lane: number): Promise<void> {
  for (let run = 0; performance.now() < end; run++) {
    const draw = new Draw(seed * 1_000_003 + lane * 100_003 + run);
    const name = draw.pick(names);
    const activity = all[name];
    if (!activity) throw new Error(`Expected some of ${Object.keys(all).join(', ')} for --only, got ${name}`);
    try {
      await activity(draw);
    } catch (cause) {
      throw new Error(`${name} failed: seed ${seed}, lane ${lane}, run ${run}`, { cause });
    }
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (draw.chance(0.2)) globalThis.gc?.();
  }
}

const { simd, threads } = capabilities();
print(`soak: seed ${seed}, ${values.seconds} s, ${simd}, ${threads} threads`);
const begin = performance.now();
await Promise.all(Array.from({ length: Number(values.lanes) }, (_, lane) => runLane(lane)));
print(
  `soak: ok after ${Math.round((performance.now() - begin) / 1000)} s on ${simd}: ` +
    [...counts].map(([name, count]) => `${name} ${count}`).join(', '),
);
