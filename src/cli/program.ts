import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { addBenchCommand } from './bench.js';
import { addIndexCommand } from './build-index.js';
import { addCompactCommand } from './compact.js';
import { addCompareCommand } from './compare.js';
import type { CliContext } from './context.js';
import { addDoctorCommand } from './doctor.js';
import { addDriftCommand } from './drift.js';
import { addEmbedCommand } from './embed.js';
import { addEvalCommand } from './eval.js';
import { addExportCommand } from './export.js';
import { addFitCommand } from './fit.js';
import { addGenerateCommand } from './generate.js';
import { addIdentifyCommand } from './identify.js';
import { addInfoCommand } from './info.js';
import { addMapCommand } from './map.js';
import { addPlotCommand } from './plot.js';
import { addQuickstartCommand } from './quickstart.js';
import { addRandomEncoderCommand } from './random-encoder.js';
import { addServeCommand } from './serve.js';
import { addTrainCommand } from './train.js';
import { addWorkerCommand } from './worker.js';

const USAGE_ERROR = 2;

function version(): string {
  return (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
}

/** Creates the command line. Commands import their code when they run, so that help appears immediately. */
export function createProgram(context: CliContext): Command {
  const program = new Command('univar')
    .description(
      'Embeds answers of language models in a space of human values, identifies whose values a text expresses, and ' +
        'measures how well that works.',
    )
    .version(version())
    .option('--verbose', 'print the stack of an error')
    .showHelpAfterError('Run the same command with --help for its options and examples.')
    .exitOverride();
  addEmbedCommand(program, context);
  addWorkerCommand(program, context);
  addFitCommand(program, context);
  addIndexCommand(program, context);
  addIdentifyCommand(program, context);
  addEvalCommand(program, context);
  addCompareCommand(program, context);
  addMapCommand(program, context);
  addServeCommand(program, context);
  addCompactCommand(program, context);
  addInfoCommand(program, context);
  addTrainCommand(program, context);
  addPlotCommand(program, context);
  addExportCommand(program, context);
  addRandomEncoderCommand(program, context);
  addDriftCommand(program, context);
  addGenerateCommand(program, context);
  addBenchCommand(program, context);
  addDoctorCommand(program, context);
  addQuickstartCommand(program, context);
  program.addHelpText(
    'after',
    `
Examples:
  $ univar quickstart                                  all steps, on the sample that comes with univar
  $ univar embed answers.jsonl --out values/           embed your own answers
  $ univar index values/                               fit an encoder on them, and make identification fast
  $ univar identify values/ --text "Q: ... A: ..."     whose values does this express?
  $ univar eval knn values/ --k 50 --split question    how well does that work?
  $ univar compare gpt-4o gemma-2 --in values/         in what do two models differ?
  $ univar map values/ --out map.html                  draw the dataset
  $ univar serve --index values/                       serve it over HTTP

  $ univar train answers/ --encoder models/all-MiniLM-L6-v2 --out run/    train an encoder for this task
`,
  );
  return program;
}

/** Parses `args` and runs the command. The exit code is 0 for help and version, and 2 for a usage error. */
export async function run(args: readonly string[], context: CliContext): Promise<void> {
  try {
    await createProgram(context).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    context.setExitCode(error.exitCode === 0 ? 0 : USAGE_ERROR); // commander has printed the rest
  }
}
