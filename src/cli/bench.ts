import { type Command, InvalidArgumentError } from 'commander';

import type { ReusedOutput } from '../benchmarking/base-build.js';
import type { BenchCheckOptions, BenchRunOptions } from './bench/options.js';
import type { CliContext } from './context.js';
import { integer } from './parse-options.js';

const DEFAULT_BUDGET_SECONDS = 480;

const HELP = `
Works in any project whose speed matters, including Node-API addons:
  1. Write bench/NAME.js:
       export const benchmarks = [{
         name: 'parse/small', sizes: { bytes: 1000 },
         async prepare(revision) {                       // runs once per process; check the result here
           const { parse } = await revision.import('dist/index.js');   // from the build under test
           if (parse('[1]')[0] !== 1) throw new Error('parse is wrong');
           return { run: () => parse(text) };            // 2 to 10 ms are best; counters() reports exact work
         },
       }];
  2. In CI, after the tests, run: univar bench check --build "npm run build"
  3. List slow-downs that you accept, with their reasons, in bench/accepted.json: [{ "benchmark": "parse/small",
     "upTo": 0.15, "reason": "checks for duplicate keys", "commit": "1a2b3c4" }]
TypeScript benchmarks need the npm package tsx in the project.
`;

const CHECK_HELP = `
First, the instructions of both builds are counted under Valgrind (Debian and Ubuntu: apt-get install valgrind gcc),
which other load on the machine does not change. Then both builds run side by side in separate processes, in short
turns. The exit code is 1 if
  - a benchmark executes 2 % more instructions or more, unless it is faster all the same with 99 % confidence
  - it is slower than its threshold (7 % unless it sets another) with 99 % confidence
  - an exact counter shows more work
  - it is broken
The report names the functions that execute more. New benchmarks pass. Those still undecided when the budget ends pass
too, unless you pass --strict.

Examples:
  $ univar bench check
  $ univar bench check --base HEAD~3 parse
  $ univar bench check --strict --json > check.json
  $ univar bench check --build "npm run build" --reuse build=native,binding.gyp --budget 300
`;

export function addBenchCommand(program: Command, context: CliContext): void {
  const group = program
    .command('bench')
    .description('measure a project\u2019s benchmarks, and find what a change made slower')
    .addHelpText('after', HELP);

  addCommonOptions(group.command('run').description('time benchmarks beside their named peers'))
    .option('--results <folder>', 'folder for the figures', 'bench/results')
    .option('--chart <file>', 'draw the ratios of all committed results as an SVG file')
    .addHelpText('after', '\nExample:\n  $ univar bench run parse --chart docs/speed.svg\n')
    .action(async (names: string[], options: BenchRunOptions) => {
      const { runBenchRun } = await import('./bench/run.js');
      await runBenchRun(names, options, context);
    });

  addCommonOptions(
    group
      .command('check')
      .description('compare with an older revision, side by side, and fail if a benchmark became slower'),
  )
    .option(
      '--base <ref>',
      'revision to compare with (default: the merge base with the main branch; on the main branch, the last change ' +
        'of the accepted slow-downs)',
    )
    .option('--main <branch>', 'name of the main branch (default: main or master)')
    .option('--accepted <file>', 'file with the accepted slow-downs', 'bench/accepted.json')
    .option('--build <command>', 'command that builds a checkout of the base', 'npm run build')
    .option(
      '--reuse <output=input,...>',
      'copy this output into the base if these inputs did not change; can be repeated',
      reuse,
      [],
    )
    .option('--budget <seconds>', 'time for all benchmarks together', integer(1), DEFAULT_BUDGET_SECONDS)
    .option('--no-count', 'measure time only, do not count instructions')
    .option('--strict', 'fail for undecided benchmarks too')
    .option('--command <text>', 'how the project calls this command; used in messages', 'univar bench check')
    .addHelpText('after', CHECK_HELP)
    .action(async (names: string[], options: BenchCheckOptions) => {
      const { runBenchCheck } = await import('./bench/check.js');
      await runBenchCheck(names, options, context);
    });
}

function addCommonOptions(command: Command): Command {
  return command
    .argument('[names...]', 'names of benchmarks, groups or files (default: all)')
    .option('--bench <paths...>', 'folders or files with benchmarks', ['bench'])
    .option('--json', 'print the figures as one JSON document');
}

function reuse(text: string, previous: ReusedOutput[]): ReusedOutput[] {
  const [, output, inputs] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (output === undefined || inputs === undefined) throw new InvalidArgumentError('Expected output=input,...');
  return [...previous, { output, inputs: inputs.split(',') }];
}
