import { type Command, InvalidArgumentError } from 'commander';

import type { ReusedOutput } from '../benchmarking/base-build.js';
import type { BenchCheckOptions, BenchRunOptions } from './bench/options.js';
import type { CliContext } from './context.js';
import { integer } from './parse-options.js';

/** Ten minutes less what starting and ending take. */
const DEFAULT_BUDGET_SECONDS = 540;

const HELP = `
For any project whose speed matters, Node-API addons included:
  1. Write bench/NAME.js:
       export const benchmarks = [{
         name: 'parse/small', sizes: { bytes: 1000 },
         async prepare(revision) {                       // once per process; check the result here
           const { parse } = await revision.import('dist/index.js');   // of the build under test
           if (parse('[1]')[0] !== 1) throw new Error('parse is wrong');
           return { run: () => parse(text) };            // 2 to 10 ms are best; counters() for exact work
         },
       }];
  2. Have CI call, after the tests: univar bench check --build "npm run build"
  3. Write what may become slower, and why, into bench/accepted.json: [{ "benchmark": "parse/small", "upTo": 0.15,
     "reason": "checks for duplicate keys", "commit": "1a2b3c4" }]
TypeScript benchmarks need the npm package tsx in the project.
`;

const CHECK_HELP = `
Both builds run at the same time in processes of their own, in turns, so neither the speed of the machine nor other work
on it matters. Exit code 1 when a benchmark is slower than its threshold (7 % unless it says otherwise) with 99 %
confidence, or does more work by an exact counter. New benchmarks, and those still undecided at the end of the budget, are
reported and pass.

Examples:
  $ univar bench check
  $ univar bench check --base HEAD~3 parse
  $ univar bench check --build "npm run build" --reuse build=native,binding.gyp --budget 300
`;

export function addBenchCommand(program: Command, context: CliContext): void {
  const group = program
    .command('bench')
    .description('measure a project\u2019s benchmarks, and find what a change made slower')
    .addHelpText('after', HELP);

  addCommonOptions(group.command('run').description('time benchmarks beside their named peers'))
    .option('--results <folder>', 'where to write the figures', 'bench/results')
    .option('--chart <file>', 'draw the ratios of all committed results as an SVG file')
    .addHelpText('after', '\nExample:\n  $ univar bench run parse --chart docs/speed.svg\n')
    .action(async (names: string[], options: BenchRunOptions) => {
      const { runBenchRun } = await import('./bench/run.js');
      await runBenchRun(names, options, context);
    });

  addCommonOptions(
    group
      .command('check')
      .description('compare with an older revision, side by side, and fail when something became slower'),
  )
    .option(
      '--base <ref>',
      'revision to compare with (default: merge base with the main branch; on it, the last change of the accepted slow-downs)',
    )
    .option('--main <branch>', 'name of the main branch (default: main or master)')
    .option('--accepted <file>', 'accepted slow-downs', 'bench/accepted.json')
    .option('--build <command>', 'builds a checkout of the base', 'npm run build')
    .option(
      '--reuse <output=input,...>',
      'copy this output into the base where these inputs did not change; may be repeated',
      reuse,
      [],
    )
    .option('--budget <seconds>', 'time for all benchmarks together', integer(1), DEFAULT_BUDGET_SECONDS)
    .option('--command <text>', 'how this command is called in the project, for messages', 'univar bench check')
    .addHelpText('after', CHECK_HELP)
    .action(async (names: string[], options: BenchCheckOptions) => {
      const { runBenchCheck } = await import('./bench/check.js');
      await runBenchCheck(names, options, context);
    });
}

function addCommonOptions(command: Command): Command {
  return command
    .argument('[names...]', 'benchmarks, groups of them or files (default: all)')
    .option('--bench <paths...>', 'folders or files with benchmarks', ['bench'])
    .option('--json', 'print the figures as one JSON document');
}

function reuse(text: string, previous: ReusedOutput[]): ReusedOutput[] {
  const [, output, inputs] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (output === undefined || inputs === undefined) throw new InvalidArgumentError('Expected output=input,...');
  return [...previous, { output, inputs: inputs.split(',') }];
}
