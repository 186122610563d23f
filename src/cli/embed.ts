import { type Command, Option } from 'commander';
import { DEFAULT_SHARD_ROWS } from '../pipeline/embed/options.js';
import type { QaRecord } from '../records/record.js';
import type { CliContext } from './context.js';
import type { EmbedOptions } from './embed/options.js';
import { addEncoderOptions } from './encoder-options.js';
import { columnMap, integer } from './parse-options.js';

const FIELDS = ['qid', 'question', 'answer', 'model', 'lang', 'group'] as const satisfies readonly (keyof QaRecord)[];

export function addEmbedCommand(program: Command, context: CliContext): void {
  const command = program
    .command('embed')
    .description('embed answers: JSONL, CSV (both also gzipped) and Parquet files into a dataset folder')
    .argument(
      '<inputs...>',
      'files, or folders of them, searched to the bottom; each row has a question, an answer, a model and a language',
    )
    .requiredOption(
      '-o, --out <folder>',
      'dataset folder to write; an interrupted one is continued, and a complete one gets the answers of the inputs that are new',
    )
    .option(
      '-e, --encoder <folder>',
      'encoder folder in the Hugging Face layout (default: the one that comes with univar)',
    );
  addEncoderOptions(command, { backend: 'native where it can', precision: 'f32' })
    .addOption(new Option('--dtype <type>', 'type of the stored embeddings').choices(['f32', 'f16']).default('f32'))
    .option(
      '--columns <field=column,...>',
      `columns that hold ${FIELDS.join(', ')} where they have other names`,
      columnMap(FIELDS),
    )
    .option('--model <name>', 'model of the rows that name none')
    .option('--lang <code>', 'language of the rows that name none, ISO 639-3, for example eng')
    .addOption(
      new Option('--format <format>', 'format of all inputs (default: by their names)').choices([
        'jsonl',
        'csv',
        'parquet',
      ]),
    )
    .option('--skip-bad', 'leave bad rows out, write them to rejects.jsonl in the folder and count them')
    .option('--batch-tokens <n>', 'tokens that the encoder computes at once', integer(1))
    .option(
      '--max-tokens <n>',
      'cut longer texts here, the question before the answer (default: as the encoder says)',
      integer(2),
    )
    .option(
      '--shard-rows <n>',
      'answers that are embedded and saved together: what an interrupted run loses at most',
      integer(1),
      DEFAULT_SHARD_ROWS,
    )
    .option('--add', 'the inputs are only the new ones: those of the complete dataset need not be named again')
    .option(
      '--queue <url>',
      'let workers compute, on any machines that see the dataset folder: "univar worker" with the same Redis URL',
    )
    .option(
      '--exchange <folder>',
      'with --queue: folder for texts and results that workers see in place of the dataset folder; may be a mounted bucket',
    )
    .option('--overwrite', 'replace a complete dataset, or one begun with other settings')
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar embed answers.jsonl --out values/
  $ univar embed survey.csv --columns answer=response,question=prompt --lang eng --out values/
  $ univar embed parts/ --encoder models/my-encoder --dtype f16 --skip-bad --out values/
  $ univar embed parts/ --out values/                    again, when there are new files: embeds what is new
  $ univar embed more.jsonl --add --out values/          the same without naming the old files
  $ univar embed parts/ --queue redis://host --out /shared/values/      computed by "univar worker --queue redis://host"
  $ univar embed parts/ --queue redis://host --exchange /mnt/bucket/work --out values/           the same through a mounted bucket
`,
    )
    .action(async (inputs: string[], options: EmbedOptions) => {
      const { runEmbed } = await import('./embed/run.js');
      await runEmbed(inputs, options, context);
    });
}
