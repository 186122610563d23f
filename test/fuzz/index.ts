/**
 * Calls everything that the package exports, and all routes of the server, with wrong arguments at wrong moments:
 *
 *   npm run test:fuzz -- --calls 1000000 --seed 1
 *
 * No call may crash the process, throw anything but an EngineError, take more than a minute, or make the server fail.
 * Pieces of the calls run in child processes, `--jobs` at a time. The same command resumes after the last complete
 * piece, which a file in out/fuzz/ says. `--piece N` repeats a piece and `--call N` a single call.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { addTo, type Finding, type Tallies } from './messages.js';
import { runPiece } from './pieces.js';
import { printTable, untested } from './table.js';

const PIECE_CALLS = 20_000;
/** From so many calls on, everything must have been accepted and refused. */
const ENOUGH_CALLS = 200_000;
const FOLDER = fileURLToPath(new URL('../../out/fuzz/', import.meta.url));

interface State {
  done: number[];
  tallies: Tallies;
  findings: Finding[];
}

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    piece: { type: 'string' },
    call: { type: 'string' },
  },
});
const [calls, seed, jobs] = [values.calls, values.seed, values.jobs].map(Number) as [number, number, number];
const only = values.call ?? values.piece;
const state: State = { done: [], tallies: {}, findings: [] };
const path = `${FOLDER}seed-${seed}-${calls}.json`;
if (only === undefined) {
  mkdirSync(FOLDER, { recursive: true });
  try {
    Object.assign(state, JSON.parse(readFileSync(path, 'utf8')));
    console.log(`resuming after ${state.done.length} pieces of ${path}`);
  } catch {
    // It is the first run.
  }
}
const begun = Date.now();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Faults that differ only in numbers and names of files are one. */
function kindOf({ name, fault }: Finding): string {
  return `${name}: ${fault.split('\n')[0]!.replaceAll(/[\d/]+\S*/g, '#')}`;
}

async function run(first: number, end: number): Promise<void> {
  const tallies: Tallies = {};
  const findings: Finding[] = [];
  const known = new Set(state.findings.map(kindOf));
  let memory = '';
  const onFinding = (finding: Finding): void => {
    findings.push(finding);
    if (known.has(kindOf(finding))) return;
    known.add(kindOf(finding));
    const { call, name, fault, plan } = finding;
    const place = `--seed ${seed} --call ${call} (--piece ${Math.floor(call / PIECE_CALLS)})`;
    console.log(`\nFOUND by ${place}: ${name}\n${fault}\n${plan}\n`);
  };
  await runPiece(seed, first, end, {
    onFinding,
    onProgress: ({ tallies: more, findings: found, rssMiB, files }) => {
      addTo(tallies, more);
      found.forEach(onFinding);
      memory = `${rssMiB} MiB, ${files} open files`;
    },
  });
  addTo(state.tallies, tallies);
  state.findings.push(...findings);
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(`calls ${first} to ${end}: ${findings.length} findings, ${memory}, after ${seconds} s`);
}

if (only !== undefined) {
  const first = values.call === undefined ? Number(values.piece) * PIECE_CALLS : Number(values.call);
  await run(first, values.call === undefined ? first + PIECE_CALLS : first + 1);
} else {
  const pieces = Array.from({ length: Math.ceil(calls / PIECE_CALLS) }, (_, i) => i).filter(
    (i) => !state.done.includes(i),
  );
  const work = async (): Promise<void> => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
      await run(piece * PIECE_CALLS, Math.min(calls, (piece + 1) * PIECE_CALLS));
      state.done.push(piece);
      writeFileSync(path, JSON.stringify(state));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
printTable(state.tallies);
const missing = calls >= ENOUGH_CALLS && only === undefined ? untested(state.tallies) : [];
for (const line of missing) console.log(line);
const kinds = new Set(state.findings.map(kindOf));
console.log(`${state.findings.length} findings of ${kinds.size} kinds`);
for (const kind of kinds) console.log(`  ${kind}`);
process.exitCode = kinds.size > 0 || missing.length > 0 ? 1 : 0;
