/**
 * Proves that the performance check works: `npm run bench:proof [-- --checks 40 --tries 10 --no-load --no-quiet --only
 * KIND]`.
 *
 * - A build compared with itself: `--checks` checks of a short schedule in a row. Every failure is a false alarm.
 * - Four kernels, each slowed by 10 % by the hook of native/cpu/slowdown.h: `--tries` checks each. Every pass is a
 *   miss.
 *
 * Both run again with a load generator. The outcome of every check is written to bench/results/proof-SIMD.json
 * immediately, so that an interrupted proof of the same commit resumes. Another commit starts from the beginning, or
 * with `--only` repeats one row of the table, after a change that affects no other row. The table is written to
 * docs/benchmarks.md. `--counted` proves the counted instructions instead: see counted-proof.ts.
 * `--repeats 20` shows how well counts repeat: see repeated-counts.ts.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CACHE } from '../../packages/bench-gate/src/cache-folder.js';
import { openRevision } from '../../packages/bench-gate/src/process/measurement.js';
import { describeMachine, type Machine } from '../../packages/bench-gate/src/report/results-file.js';
import type { Side } from '../../packages/bench-gate/src/timing/block.js';
import { type CheckEntry, FAILURES } from '../../packages/bench-gate/src/verdict/check-entry.js';
import { checkBenchmarks, selectBenchmarks } from './compiled-gate.js';
import { runCountedProof } from './counted-proof.js';
import { environment } from './engine.js';
import { startLoad } from './load-generator.js';
import { replaceBetween } from './page-parts.js';
import { repeatCounts } from './repeated-counts.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = join(ROOT, 'docs', 'benchmarks.md');
const BUILD = join(ROOT, CACHE, 'slowdown');
const PERCENT = 10;

/** Kernels by their names in the backend's table, and the benchmark that must detect the slow-down. */
const SLOWED = {
  info_nce: 'infonce/one-way/f32/192',
  topk_search: 'topk/uniform/prepared/small',
  attention_forward: 'attention/forward/MiniLM/small',
  linear_forward: 'linear/forward/384x384',
};

/**
 * Long enough for a decision without other load, because only a decided benchmark can fail a check. The table counts
 * undecided benchmarks, because they prove nothing.
 */
const BUDGET_SECONDS = { same: 150, slowed: 240 };

interface Outcome {
  kind: 'same' | keyof typeof SLOWED;
  load: boolean;
  commit: string;
  seconds: number;
  entries: Pick<CheckEntry, 'name' | 'status' | 'change' | 'blocks'>[];
}

interface ProofFile {
  command: string;
  machine: Machine;
  outcomes: Outcome[];
}

const { values: options } = parseArgs({
  options: {
    checks: { type: 'string', default: '40' },
    tries: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    load: { type: 'boolean', default: true },
    quiet: { type: 'boolean', default: true },
    only: { type: 'string' },
    counted: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    pieces: { type: 'string', default: 'Infinity' },
    keep: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
const KINDS = ['same', ...Object.keys(SLOWED)] as Outcome['kind'][];
if (!options.counted && options.only !== undefined && !(KINDS as string[]).includes(options.only))
  throw new Error(`Expected --only ${KINDS.join(' | ')}`);

/** Builds a copy of this checkout with the hook, again only if the native sources have changed. */
function buildWithHook(): string {
  const native = ['native', 'binding.gyp', 'package-lock.json'];
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const stamp = join(BUILD, '.built-from');
  const sources = git('ls-tree', 'HEAD', ...native) + git('diff', 'HEAD', '--', ...native);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== sources) {
    rmSync(BUILD, { recursive: true, force: true });
    mkdirSync(BUILD, { recursive: true });
    for (const path of ['native', 'scripts', 'binding.gyp', 'package.json', 'models'])
      cpSync(join(ROOT, path), join(BUILD, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(BUILD, 'node_modules'), 'dir');
    const env = { ...process.env, CXXFLAGS: '-DUNIVAR_SLOWDOWN' };
    execFileSync(process.execPath, ['scripts/build-native.mjs'], { cwd: BUILD, env, stdio: 'inherit' });
    writeFileSync(stamp, sources);
  }
  rmSync(join(BUILD, 'dist'), { recursive: true, force: true });
  cpSync(join(ROOT, 'dist'), join(BUILD, 'dist'), { recursive: true });
  return BUILD;
}

async function check(kind: Outcome['kind'], load: boolean, root: string, commit: string): Promise<Outcome> {
  const names = kind === 'same' ? Object.values(SLOWED) : [SLOWED[kind]];
  const benchmarks = await selectBenchmarks(ROOT, { paths: ['bench'], names, purpose: 'check' });
  const head: Side = kind === 'same' ? { root } : { root, env: { UNIVAR_SLOWDOWN: `${kind}:${PERCENT}` } };
  const stop = load ? startLoad() : undefined;
  const begin = performance.now();
  try {
    const budgetSeconds = kind === 'same' ? BUDGET_SECONDS.same : BUDGET_SECONDS.slowed;
    const entries = await checkBenchmarks(benchmarks, {
      base: { root },
      head,
      accepted: [],
      baseVersions: new Map(),
      budgetSeconds,
    });
    return {
      kind,
      load,
      commit,
      seconds: Math.round((performance.now() - begin) / 1000),
      entries: entries.map(({ name, status, change, blocks }) => ({ name, status, change, blocks })),
    };
  } finally {
    stop?.();
  }
}

function failed({ entries }: Outcome): boolean {
  return entries.some(({ status }) => FAILURES.includes(status));
}

function table({ machine, outcomes }: ProofFile): string {
  const rows = [false, true].flatMap((load) =>
    KINDS.flatMap((kind) => {
      const own = outcomes.filter((outcome) => outcome.kind === kind && outcome.load === load);
      if (own.length === 0) return [];
      const raised = own.filter(failed).length;
      const what =
        kind === 'same'
          ? `the same build, ${own[0]!.entries.length} benchmarks a check`
          : `\`${kind}\` slowed by ${PERCENT} %`;
      const seconds = own.reduce((sum, outcome) => sum + outcome.seconds, 0) / own.length;
      const undecided = own.flatMap(({ entries }) => entries).filter(({ status }) => status === 'undecided').length;
      const verdict = kind === 'same' ? `${raised} false alarms` : `${raised} caught, ${own.length - raised} missed`;
      const commits = [...new Set(own.map(({ commit }) => commit))].join(', ');
      return [
        `| ${what} | ${load ? 'half of one core' : 'none'} | ${own.length} | ${verdict} | ` +
          `${undecided} | ${seconds.toFixed(0)} | ${commits} |`,
      ];
    }),
  );
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.variant}; ` +
      `every check is in bench/results/proof-${machine.variant}.json.`,
    '',
    '| Compared with | Other load | Checks | Outcome | Undecided benchmarks | Seconds a check | Commit |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

async function main(): Promise<void> {
  const root = buildWithHook();
  const machine = await describeMachine(ROOT, await environment(openRevision(root)));
  const path = join(ROOT, 'bench', 'results', `proof-${machine.variant}.json`);
  const earlier =
    existsSync(path) && !options.fresh ? (JSON.parse(readFileSync(path, 'utf8')) as ProofFile).outcomes : [];
  const commit = machine.commit.replace(/-dirty$/, ''); // the results themselves make the tree dirty
  const outcomes = earlier.filter(
    (outcome) => outcome.commit === commit || (options.only !== undefined && outcome.kind !== options.only),
  );
  const proof: ProofFile = { command: 'npm run bench:proof', machine, outcomes };
  for (const load of [...(options.quiet ? [false] : []), ...(options.load ? [true] : [])]) {
    for (const kind of options.only === undefined ? KINDS : [options.only as Outcome['kind']]) {
      const wanted = Number(kind === 'same' ? options.checks : (options.tries ?? 10));
      const done = (): number =>
        proof.outcomes.filter((outcome) => outcome.kind === kind && outcome.load === load).length;
      while (done() < wanted) {
        const outcome = await check(kind, load, root, commit);
        proof.outcomes.push(outcome);
        writeFileSync(path, `${JSON.stringify(proof, null, 1)}\n`);
        const figures = outcome.entries.map(({ name, status, change, blocks }) => {
          const percent = (share: number): string => (100 * share).toFixed(1);
          const interval =
            change === null ? '' : ` ${percent(change.center)} % (${percent(change.low)} to ${percent(change.high)})`;
          return `${name} ${status}${interval}, ${blocks} pairs`;
        });
        console.log(
          `${kind}${load ? ', loaded' : ''}, check ${done()} of ${wanted}, ${outcome.seconds} s\n` +
            `  ${figures.join('\n  ')}`,
        );
      }
    }
  }
  replaceBetween(PAGE, 'proof', table(proof));
}

if (options.repeats !== undefined) {
  await repeatCounts({ root: ROOT, page: PAGE, runs: Number(options.repeats) });
} else if (options.counted) {
  const [checks, pieces] = [Number(options.checks), Number(options.pieces)];
  const tries = Number(options.tries ?? 1);
  const { only, keep } = options;
  await runCountedProof({ root: ROOT, page: PAGE, checks, tries, pieces, only, keep });
} else await main();
