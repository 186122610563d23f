#!/usr/bin/env node
/** The command `bench-gate`: reads the arguments, calls the library, prints. */
import { parseArgs } from 'node:util';

import { BenchError, messageOf } from '../errors.js';
import { runChart } from './chart.js';
import { CHECK_OPTIONS, runCheck } from './check.js';
import { type CliContext, createContext } from './context.js';
import { runCount } from './count.js';
import { HELP } from './help.js';
import { RUN_OPTIONS, runRun } from './run.js';

const COMMON = {
  bench: { type: 'string', multiple: true, default: ['bench'] as string[] },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

async function main(): Promise<void> {
  const context = createContext();
  const [command, ...args] = process.argv.slice(2);
  if (command === undefined || !Object.hasOwn(COMMANDS, command)) {
    const isHelp = command === '--help' || command === '-h' || command === 'help';
    if (!isHelp && command !== undefined)
      throw new BenchError('ERR_ARG_RANGE', `"${command}" is not a command: use check, run, count or chart`);
    context.print(HELP.help);
    return;
  }
  if (args.includes('--help') || args.includes('-h')) {
    context.print(HELP[command as keyof typeof HELP]);
    return;
  }
  await COMMANDS[command as keyof typeof COMMANDS](args, context);
}

const parsing = { allowPositionals: true, allowNegative: true } as const;

const COMMANDS = {
  check: (args: string[], context: CliContext) => {
    const options = { ...COMMON, ...CHECK_OPTIONS };
    const { positionals, values } = withHint(() => parseArgs({ args, options, ...parsing }));
    return runCheck(positionals, values, context);
  },
  run: (args: string[], context: CliContext) => {
    const options = { ...COMMON, ...RUN_OPTIONS };
    const { positionals, values } = withHint(() => parseArgs({ args, options, ...parsing }));
    return runRun(positionals, values, context);
  },
  count: (args: string[], context: CliContext) => {
    const { positionals, values } = withHint(() => parseArgs({ args, options: COMMON, ...parsing }));
    return runCount(positionals, values, context);
  },
  chart: runChart,
};

/** @throws BenchError `ERR_ARG_RANGE` for arguments that the options do not allow */
function withHint<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const [first] = messageOf(cause).split('. To specify');
    throw new BenchError('ERR_ARG_RANGE', `${first}. Run the same command with --help for its options`, { cause });
  }
}

try {
  await main();
} catch (error) {
  const known = error instanceof BenchError;
  process.stderr.write(`error: ${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = known ? error.exitCode : 70;
}
