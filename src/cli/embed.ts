import { type Command, Option } from 'commander';
import { DEFAULT_SHARD_ROWS } from '../pipeline/embed/options.js';
import type { CliContext } from './context.js';
import type { EmbedOptions } from './embed/options.js';
import { addEncoderOptions } from './encoder-options.js';
import { integer } from './parse-options.js';
import { addRecordOptions } from './record-options.js';

export function addEmbedCommand(program: Command, context: CliContext): void {
  const command = program
    .command('embed')
    .description('embed the answers in JSONL, CSV or TSV (these also gzipped) and Parquet files into a dataset folder')
    .argument(
      '<inputs...>',
      'files, or folders that are searched recursively; each row has a question, an answer, a model and a language',
    )
    .requiredOption(
      '-o, --out <folder>',
      'dataset folder to write; an interrupted run is resumed, and the new answers are added to a complete dataset',
    )
    .option(
      '-e, --encoder <folder>',
      'encoder folder in the Hugging Face layout (default: the one that comes with univar)',
    );
  addEncoderOptions(command, {
    backend: 'native if it supports the encoder',
    precision: 'that of its folder, or f32',
  }).addOption(new Option('--dtype <type>', 'type of the stored embeddings').choices(['f32', 'f16']).default('f32'));
  addRecordOptions(command)
    .addOption(
      new Option('--format <format>', 'format of all inputs (default: from the file names)').choices([
        'jsonl',
        'csv',
        'parquet',
      ]),
    )
    .option('--no-question', 'also accept rows without a question; their answers are embedded alone')
    .option(
      '--skip-bad',
      'skip bad rows, and files of a folder that have no answers; rejects.jsonl in the dataset folder lists them',
    )
    .option('--batch-tokens <n>', 'tokens per batch of the encoder', integer(1))
    .option(
      '--max-tokens <n>',
      "truncate longer texts, the question before the answer (default: the encoder's limit)",
      integer(2),
    )
    .option(
      '--shard-rows <n>',
      'answers to embed and save together; an interrupted run loses at most this many',
      integer(1),
      DEFAULT_SHARD_ROWS,
    )
    .option('--add', 'add these inputs to a complete dataset, without naming its earlier inputs again')
    .option(
      '--queue <url>',
      'let workers do the work: "univar worker" with the same Redis URL, on any machines that share the dataset folder',
    )
    .option(
      '--exchange <folder>',
      'with --queue: exchange texts and results with workers through this folder instead of the dataset folder; ' +
        'it can be a mounted bucket',
    )
    .option('--overwrite', 'replace a complete dataset, or one that was started with other settings')
    .option('--json', 'print the summary as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ univar embed answers.jsonl --out values/
  $ univar embed survey.csv --columns answer=response,question=prompt --lang eng --out values/
  $ univar embed parts/ --encoder models/my-encoder --dtype f16 --skip-bad --out values/
  $ univar embed parts/ --out values/                    run again after files were added: embeds only the new answers
  $ univar embed more.jsonl --add --out values/          the same without naming the old files

On several machines, with "univar worker --queue redis://host"; the second example goes through a mounted bucket:
  $ univar embed parts/ --queue redis://host --out /shared/values/
  $ univar embed parts/ --queue redis://host --exchange /mnt/bucket/work --out values/
`,
    )
    .action(async (inputs: string[], options: EmbedOptions) => {
      const { runEmbed } = await import('./embed/run.js');
      await runEmbed(inputs, options, context);
    });
}
