/**
 * Makes the calls from one number to another in this process, which they may end: `child.ts SEED FIRST END FOLDER`. A
 * file in the folder says which call is running.
 */
import { openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { makeApiScene } from '../support/api-scene.js';
import { CallersError } from '../support/hostile-values.js';
import { Choices } from './choices.js';
import { FunctionTarget } from './functions.js';
import { addTo, type Finding, type Progress, type Tallies } from './messages.js';
import type { Outcome, Target } from './outcome.js';
import { RouteTarget } from './routes.js';
import { SocketTarget } from './sockets.js';

const REPORT_CALLS = 100;
const LONGEST_PLAN = 8000;
const ROUTES = 0.17;
const SOCKETS = 0.03;

const [, , seedText, firstText, endText, folder] = process.argv as [string, string, string, string, string, string];
const [seed, first, end] = [Number(seedText), Number(firstText), Number(endText)];
process.chdir(folder); // Some mutated calls write to a path like "word".

let tallies: Tallies = {};
let findings: Finding[] = [];
let running = { call: first, name: 'the start', plan: '' };
const file = openSync(join(folder, 'running.json'), 'w');

function find(name: string, fault: string): void {
  findings.push({ call: running.call, name, fault: fault.slice(0, 4000), plan: running.plan });
}
function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function report(next: number): Promise<void> {
  const progress: Progress = {
    next,
    tallies,
    findings,
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    files: readdirSync('/proc/self/fd').length,
  };
  tallies = {};
  findings = [];
  await new Promise((resolve) => process.send!(progress, resolve));
}

function count({ name, refused, fault }: Outcome): void {
  const tally = refused === undefined ? { accepted: 1, refused: {} } : { accepted: 0, refused: { [refused]: 1 } };
  addTo(tallies, { [name]: tally });
  if (fault !== undefined) find(name, fault);
}

/** Makes one call, and looks whether it changed what all objects inherit. */
async function makeCall(target: Target<object>, choices: Choices, call: number): Promise<void> {
  const plan = target.plan(choices);
  const text = JSON.stringify(plan).slice(0, LONGEST_PLAN);
  running = { call, name: 'name' in plan ? String(plan.name) : target.constructor.name, plan: text };
  writeSync(file, JSON.stringify(running).padEnd(2 * LONGEST_PLAN), 0);
  for (const outcome of await target.run(plan)) count(outcome);
  if ('polluted' in {}) {
    find(running.name, 'all objects have a new property');
    delete (Object.prototype as Record<string, unknown>)['polluted'];
  }
}

const scene = await makeApiScene(folder);
const functions = await FunctionTarget.open(scene);
const routes = await RouteTarget.open(scene);
const sockets = new SocketTarget(routes.servers);
process.on('unhandledRejection', (reason) => {
  // A method can start its work before it finds out that `this` is wrong.
  if (!(reason instanceof CallersError) && !/handle at the native boundary/.test(String(reason)))
    find(running.name, `an unhandled rejection, perhaps of an earlier call: ${stackOf(reason)}`);
});
process.on('uncaughtException', (error) => {
  if (!(error instanceof CallersError))
    find(running.name, `an uncaught exception, perhaps of an earlier call: ${stackOf(error)}`);
});
process.on('warning', (warning) =>
  find(running.name, `a warning, perhaps because of an earlier call: ${stackOf(warning)}`),
);
// What fails here is this program, not a call.
try {
  for (let call = first; call < end; call++) {
    const choices = new Choices(seed, call);
    const kind = choices.below(1000) / 1000;
    const target: unknown = kind < SOCKETS ? sockets : kind < SOCKETS + ROUTES ? routes : functions;
    await makeCall(target as Target<object>, choices, call);
    if (call % REPORT_CALLS === 0) await report(call + 1);
  }
  await functions.close();
  await routes.close();
  await scene.end();
  await report(end);
} catch (error) {
  console.error(error);
  process.exit(1);
}
process.exit(0);
