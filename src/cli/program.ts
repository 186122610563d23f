import { styleText } from 'node:util';

import { Command, CommanderError, type HelpConfiguration } from 'commander';

import { PACKAGE } from '../core/package-files.js';
import type { CliContext } from './context.js';
import { describeVersion } from './version.js';

const USAGE_ERROR = 2;
const VERSION_FLAGS: readonly string[] = ['-V', '--version'];

/** Colours of the help. Commander leaves them out for pipes and with NO_COLOR. */
const HELP_STYLE: HelpConfiguration = {
  styleTitle: (text) => styleText('bold', text),
  styleCommandText: (text) => styleText('cyan', text),
  styleSubcommandText: (text) => styleText('cyan', text),
  styleOptionText: (text) => styleText('green', text),
  styleArgumentText: (text) => styleText('yellow', text),
};

type AddCommand = (program: Command, context: CliContext) => void;

type Commands = Readonly<Record<string, () => Promise<AddCommand>>>;

const FIRST_GROUP = 'Start here:';

/** The commands by task, in the order of the help. A command starts faster if the files of the others are not read. */
const GROUPS: Readonly<Record<string, Commands>> = {
  [FIRST_GROUP]: {
    quickstart: async () => (await import('./quickstart.js')).addQuickstartCommand,
    doctor: async () => (await import('./doctor.js')).addDoctorCommand,
  },
  'Make a dataset of answers:': {
    embed: async () => (await import('./embed.js')).addEmbedCommand,
    worker: async () => (await import('./worker.js')).addWorkerCommand,
    info: async () => (await import('./info.js')).addInfoCommand,
    'export-dataset': async () => (await import('./export-dataset.js')).addExportDatasetCommand,
    compact: async () => (await import('./compact.js')).addCompactCommand,
    generate: async () => (await import('./generate.js')).addGenerateCommand,
  },
  'Find out whose values a text expresses:': {
    fit: async () => (await import('./fit.js')).addFitCommand,
    index: async () => (await import('./build-index.js')).addIndexCommand,
    identify: async () => (await import('./identify.js')).addIdentifyCommand,
    serve: async () => (await import('./serve.js')).addServeCommand,
  },
  'Measure and compare:': {
    eval: async () => (await import('./eval.js')).addEvalCommand,
    compare: async () => (await import('./compare.js')).addCompareCommand,
    explore: async () => (await import('./explore.js')).addExploreCommand,
    map: async () => (await import('./map.js')).addMapCommand,
    drift: async () => (await import('./drift.js')).addDriftCommand,
  },
  'Train and export encoders:': {
    train: async () => (await import('./train.js')).addTrainCommand,
    plot: async () => (await import('./plot.js')).addPlotCommand,
    export: async () => (await import('./export.js')).addExportCommand,
    'random-encoder': async () => (await import('./random-encoder.js')).addRandomEncoderCommand,
  },
};

/**
 * Creates the command line with one command, or with all if there is none of that name. Commands import their code when
 * they run, so that help appears immediately.
 */
export async function createProgram(
  name: string | undefined,
  context: CliContext,
  version: string = PACKAGE.version,
): Promise<Command> {
  const program = new Command('univar')
    .description(
      'Embeds answers of language models in a space of human values, identifies whose values a text expresses, and ' +
        'measures how well that works.',
    )
    .version(version)
    .option('--verbose', 'print the stack of an error')
    .showHelpAfterError('Run the same command with --help for its options and examples.')
    .configureHelp(HELP_STYLE)
    .exitOverride();
  const isKnown = Object.values(GROUPS).some((commands) => name !== undefined && Object.hasOwn(commands, name));
  for (const [group, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(group);
    const wanted = Object.entries(commands).filter(([one]) => !isKnown || one === name);
    for (const add of await Promise.all(wanted.map(([, load]) => load()))) add(program, context);
  }
  program.commandsGroup(FIRST_GROUP).helpCommand('help [command]', 'describe a command');
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
  $ univar explore values/                             search, select and compare answers on its map
  $ univar serve --index values/                       serve it over HTTP

  $ univar train answers/ --encoder models/all-MiniLM-L6-v2 --out run/    train an encoder for this task
`,
  );
  return program;
}

/** Parses `args` and runs the command. The exit code is 0 for help and version, and 2 for a usage error. */
export async function run(args: readonly string[], context: CliContext): Promise<void> {
  try {
    const name = args.find((arg) => !arg.startsWith('-')); // the options before it have no values
    const version = args.some((arg) => VERSION_FLAGS.includes(arg)) ? await describeVersion() : undefined;
    await (await createProgram(name, context, version)).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    context.setExitCode(error.exitCode === 0 ? 0 : USAGE_ERROR); // commander has printed the rest
  }
}
