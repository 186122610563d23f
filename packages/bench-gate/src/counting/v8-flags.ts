/** Flags of Node under Callgrind, which make V8 do the same work in every process. */
import { execFileSync } from 'node:child_process';

/**
 * - One thread, because code compiled on others would arrive at another iteration each time.
 * - No random numbers in hash tables.
 * - Room for new objects, so that most iterations collect no garbage, and the others all of it. While V8 marks objects
 *   step by step, over many iterations, every write costs more.
 */
const STEADY = [
  '--predictable',
  '--single-threaded',
  '--hash-seed=1',
  '--random-seed=1',
  '--no-incremental-marking',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

/**
 * - What was compiled for a benchmark is kept until it is counted, after all of them were prepared.
 * - V8 optimises a function after half of the usual number of calls (counted by bytecodes or, in newer versions, by
 *   calls), and after 50 calls instead of 500 with the same types, so that less is left to optimise while counting.
 * - Functions that are not optimised are at least compiled, so that it matters less which they are.
 */
const WARM = [
  '--no-flush-bytecode',
  '--interrupt-budget=33000',
  '--invocation-count-for-turbofan=1500',
  '--minimum-invocations-after-ic-update=50',
  '--always-sparkplug',
];

let knownNames: ReadonlySet<string> | undefined;

/** Returns the flags for a process that does everything once. */
export function steadyFlags(): string[] {
  return known(STEADY);
}

/** Returns the flags for a process that warms benchmarks up before it counts them. */
export function warmFlags(): string[] {
  return known([...STEADY, ...WARM]);
}

/** Node refuses to start with flags that its version of V8 does not know. */
function known(flags: readonly string[]): string[] {
  knownNames ??= new Set(
    [...execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).matchAll(/^ *--([\w-]+) \(/gm)].map(
      ([, name]) => name!,
    ),
  );
  return flags.filter((flag) => knownNames!.has(flag.replace(/^--(no-)?/, '').replace(/=.*/, '')));
}
