/** Faults, and the seeded plan that says which of them happens when. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Disturbance } from './disturbance.js';
import type { ChaosLog } from './log.js';

export interface Fault {
  /** What it happens to, such as `Redis`. A target has one fault at a time. */
  target: string;
  /** Such as `kill -9`. */
  name: string;
  /** Shortest and longest time in seconds until it is healed. */
  seconds: readonly [number, number];
  /** Told about the fault. What fails meanwhile is explained by it. */
  disturbs: Disturbance;
  /** Makes it happen, and returns what heals it; undefined if it cannot happen now. */
  begin: () => Promise<(() => Promise<void> | void) | undefined> | ((() => Promise<void> | void) | undefined);
}

interface PlannedFault {
  atSeconds: number;
  fault: Fault;
  seconds: number;
}

/** Mean time between two faults of one target, so that there is also time to work. */
const MEAN_S = 20;

/** Draws times, faults and their durations. The plan depends only on the seed and on the list of faults. */
export function planFaults(faults: readonly Fault[], seconds: number, random: () => number): PlannedFault[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const targets = [...new Set(faults.map(({ target }) => target))];
  const plan: PlannedFault[] = [];
  const longestPause = (2 * MEAN_S) / targets.length;
  for (let at = 1 + random(); at < seconds; at += longestPause * random()) {
    const target = pick(targets);
    const fault = pick(faults.filter((candidate) => candidate.target === target));
    const [least, most] = fault.seconds;
    plan.push({ atSeconds: at, fault, seconds: least + (most - least) * random() });
  }
  return plan;
}

/** Makes the planned faults happen. Resolves when all of them are healed. */
export async function runFaults(plan: readonly PlannedFault[], log: ChaosLog): Promise<void> {
  const start = performance.now();
  const busy = new Set<string>();
  const running: Promise<void>[] = [];
  for (const planned of plan) {
    await sleep(Math.max(0, start + 1000 * planned.atSeconds - performance.now()));
    if (!busy.has(planned.fault.target)) running.push(runFault(planned, busy, log));
  }
  await Promise.all(running);
}

async function runFault({ fault, seconds }: PlannedFault, busy: Set<string>, log: ChaosLog): Promise<void> {
  const { target, name, disturbs } = fault;
  busy.add(target);
  disturbs.begin();
  try {
    const heal = await fault.begin();
    if (!heal) return;
    log.say(`${target}: ${name}, for ${seconds.toFixed(1)} s`);
    log.count(`fault: ${target}: ${name}`);
    await sleep(1000 * seconds);
    await heal();
  } catch (error) {
    log.violation(`${target}: cannot recover from ${name}: ${String(error)}`);
  } finally {
    disturbs.end();
    busy.delete(target);
  }
}
