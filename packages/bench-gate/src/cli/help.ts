/** What `--help` prints, by command. */
import { DEFAULT_BUDGET_SECONDS } from '../check.js';

const NAMES = `
  NAMES are names of benchmarks, beginnings of names up to a slash, or names of files (default: all).
  --bench <path>       folder or file with benchmarks; can be repeated (default: bench)
  --json               print one JSON document`;

export const HELP = {
  help: `Finds what a change made slower. Works in any project whose speed matters, including Node-API addons.

Commands:
  bench-gate check     compare with an older revision, and fail if a benchmark became slower
  bench-gate run       time benchmarks beside their named peers
  bench-gate count     print the instructions of each benchmark
  bench-gate chart     draw the history of checks
  bench-gate COMMAND --help   describes the options of a command

How to begin:
  1. Write bench/NAME.js, or use a suite of vitest (bench), tinybench or mitata as it is:
       export const benchmarks = [{
         name: 'parse/small', sizes: { bytes: 1000 },
         async prepare(revision) {                       // runs once per process; check the result here
           const { parse } = await revision.import('dist/index.js');   // from the build under test
           if (parse('[1]')[0] !== 1) throw new Error('parse is wrong');
           return { run: () => parse(text) };            // 2 to 10 ms are best; counters() reports exact work
         },
       }];
  2. In CI, after the tests, run: bench-gate check --build "npm run build"
TypeScript benchmarks need the npm package tsx in the project.`,

  check: `bench-gate check [NAMES...]: compare with an older revision, and fail if a benchmark became slower
${NAMES}
  --base <ref>         revision to compare with (default: the merge base with the main branch; on the main branch, the
                       last change of the accepted slow-downs)
  --main <branch>      name of the main branch (default: main or master)
  --build <command>    command that builds a checkout of the base (default: npm run build)
  --reuse <output=input,...>   copy this output into the base if these inputs did not change; can be repeated
  --budget <seconds>   time for all benchmarks together (default: ${DEFAULT_BUDGET_SECONDS})
  --no-count           measure time only, do not count instructions
  --strict             fail for undecided benchmarks too, and for a base that does not build
  --accepted <file>    file with the accepted slow-downs (default: bench/accepted.json)
  --history <file>     append the outcome to this file, as a line of JSON
  --comment            write the outcome into a comment of the pull request, which later checks update. Needs the
                       variables of GitHub Actions, and GITHUB_TOKEN with the permission pull-requests: write
  --command <text>     how the project calls this command; used in messages (default: bench-gate check)

First, the instructions of both builds are counted under Valgrind (Debian and Ubuntu: apt-get install valgrind gcc),
which other load on the machine does not change. Then both builds run side by side in separate processes, in short
turns. The exit code is 1 if
  - a benchmark executes 2 % more instructions or more, unless it is faster all the same with 99 % confidence
  - it is slower than its threshold (7 % unless it sets another) with 99 % confidence
  - its threads wait for each other more than before, if it has "scaling"
  - an exact counter shows more work
  - it is broken
The report names the functions that execute more. New benchmarks pass. Those still undecided when the budget ends pass
too, unless you pass --strict. In GitHub Actions, the report is also added to the summary of the step.

To accept a slow-down, end a commit message with a line like the first, or add an entry to bench/accepted.json:
  Accept-Slowdown: parse/small up to 15 %: checks for duplicate keys
  [{ "benchmark": "parse/small", "upTo": 0.15, "reason": "checks for duplicate keys", "commit": "1a2b3c4" }]

Examples:
  $ bench-gate check
  $ bench-gate check --base HEAD~3 parse
  $ bench-gate check --strict --json > check.json
  $ bench-gate check --build "npm run build" --reuse build=native,binding.gyp --budget 300`,

  run: `bench-gate run [NAMES...]: time benchmarks beside their named peers
${NAMES}
  --results <folder>   folder for the figures (default: bench/results)
  --chart <file>       draw the ratios of all committed results as an SVG file
  --command <text>     how the project calls this command; it is written into the figures (default: bench-gate run)

Example:
  $ bench-gate run parse --chart docs/speed.svg`,

  count: `bench-gate count [NAMES...]: print the instructions of one iteration of each benchmark
${NAMES}

Needs Valgrind and a C compiler (Debian and Ubuntu: apt-get install valgrind gcc). With --json, it also prints the
instructions of each function.`,

  chart: `bench-gate chart HISTORY.jsonl CHART.svg: draw the history of checks

HISTORY.jsonl is the file of bench-gate check --history.`,
} as const;
