#!/usr/bin/env node
/** The `univar` command: signals, exit codes and uncaught errors. Each command is in a file of this folder. */
import { EngineError } from '../core/errors.js';
import { type CliContext, createContext } from './context.js';
import { describeFailure } from './failure.js';
import { Interruption } from './interruption.js';
import type { run } from './program.js';

/** Exits without an error if the reader closes the pipe (`univar ... | head -1`). */
function endQuietlyWithoutReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

async function main(): Promise<void> {
  endQuietlyWithoutReader(process.stdout);
  endQuietlyWithoutReader(process.stderr);
  const verbose = process.argv.includes('--verbose') || Boolean(process.env['UNIVAR_DEBUG']);
  const command = process.argv.slice(2).find((arg) => !arg.startsWith('-'));
  const log = (text: string): void => void process.stderr.write(`${text}\n`);
  const interruption = new Interruption({ log, limitsItself: command === 'serve' });
  const context = createContext(interruption);
  try {
    await runProgram(context);
  } catch (error) {
    const { text, code, exitCode } = describeFailure(error, verbose);
    context.log(text);
    process.exitCode = (code === 'ERR_ABORTED' ? interruption.exitCode : undefined) ?? exitCode;
  } finally {
    interruption.release();
  }
}

async function runProgram(context: CliContext): Promise<void> {
  let program: { run: typeof run };
  try {
    program = await import('./program.js');
  } catch (error) {
    // The doctor must be able to report missing npm packages, so it needs none itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    if (process.argv[2] !== 'doctor') {
      const fix = 'Run "npm install" again (in a checkout: "npm run build").';
      throw new EngineError('ERR_NATIVE_LOAD', `npm packages are missing: ${error.message}. ${fix}`, { cause: error });
    }
    const { runDoctor } = await import('./doctor/run.js');
    return runDoctor({ json: process.argv.includes('--json') }, context);
  }
  await program.run(process.argv.slice(2), context);
}

await main();
