/**
 * Shows how well the counts of a build repeat: `npm run bench:proof -- --repeats 20` counts every benchmark of a check
 * 20 times, each time in other processes, and writes the table to docs/benchmarks.md. The counts are in
 * bench/results/repeated-counts-SIMD.json. An interrupted run of the same commit resumes.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { formatCount } from '../../packages/bench-gate/src/format.js';
import { openRevision } from '../../packages/bench-gate/src/process/measurement.js';
import { describeMachine, type Machine } from '../../packages/bench-gate/src/report/results-file.js';
import { environment } from './engine.js';
import { replaceBetween } from './page-parts.js';

interface RepeatedCounts {
  command: string;
  machine: Machine;
  /** Instructions of each run by the name of the benchmark; null if its iterations differed too much. */
  instructions: Record<string, (number | null)[]>;
}

/** What `bench-gate count --json` prints. */
type Count = { name: string } & ({ kind: 'counted'; instructions: number } | { kind: 'not counted' });

export async function repeatCounts({ root, page, runs }: { root: string; page: string; runs: number }): Promise<void> {
  const machine = await describeMachine(root, await environment(openRevision(root)));
  const path = join(root, 'bench', 'results', `repeated-counts-${machine.variant}.json`);
  const commit = machine.commit.replace(/-dirty$/, ''); // the results themselves make the tree dirty
  const earlier = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RepeatedCounts) : undefined;
  const instructions = earlier?.machine.commit.replace(/-dirty$/, '') === commit ? earlier.instructions : {};
  const done = (): number => Object.values(instructions)[0]?.length ?? 0;
  const file: RepeatedCounts = { command: `npm run bench:proof -- --repeats ${runs}`, machine, instructions };
  while (done() < runs) {
    for (const count of await countAll(root))
      (instructions[count.name] ??= []).push(count.kind === 'counted' ? Math.round(count.instructions) : null);
    writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
    console.log(`${done()} of ${runs}`);
  }
  replaceBetween(page, 'repeated-counts', table(file));
}

async function countAll(root: string): Promise<Count[]> {
  const command = join(root, 'packages', 'bench-gate', 'dist', 'cli', 'main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'count', '--json'], {
    cwd: root,
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as Count[];
}

function table({ machine, instructions }: RepeatedCounts): string {
  const { cpu, cores, variant } = machine;
  const runs = Object.values(instructions)[0]!.length;
  const rows = Object.entries(instructions).map(([name, counts]) => {
    const known = counts.filter((count) => count !== null).sort((a, b) => a - b);
    const [least, most] = [known[0]!, known.at(-1)!];
    const median = known[Math.floor(known.length / 2)]!;
    const difference = (100 * (most / least - 1)).toFixed(3);
    return `| \`${name}\` | ${formatCount(median)} | ${difference} % | ${counts.length - known.length} |`;
  });
  return [
    `${cpu}, ${cores} cores, ${variant} (bench/results/repeated-counts-${variant}.json).`,
    '',
    `| Benchmark | Instructions, median of ${runs} runs | Largest difference | Not counted |`,
    '|---|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
