import { type Command, Option } from 'commander';

import { EngineError } from '../core/errors.js';
import type { Dataset } from '../datasets/dataset.js';
import type { IndexChoice } from '../pipeline/index/choose-index.js';
import type { CliContext } from './context.js';
import { formatBytes, formatDuration, plural } from './format.js';
import { collect, integer, recall } from './parse-options.js';
import { adviseOnRecall, describeRecall } from './recall.js';
import { describeSelfRecall } from './self-recall.js';

interface BuildIndexCliOptions {
  factory?: string;
  metric: 'l2' | 'ip';
  recall?: number;
  efConstruction?: number;
  to?: string;
  shard?: string[];
  table?: string;
  overwrite?: boolean;
  fit: boolean;
  json?: boolean;
}

export function addIndexCommand(program: Command, context: CliContext): void {
  program
    .command('index')
    .description('build an index of a dataset, so that identify does not have to compare with every answer')
    .argument('<dataset>', 'folder written by univar embed')
    .option(
      '--factory <string>',
      'FAISS factory string, for example Flat, HNSW32, "HNSW32,SQ8,Refine(SQfp16)" or IVF256,SQ8 (default: chosen by ' +
        'the number of answers, their dimensions, --recall and the memory; with --to, HNSW32)',
    )
    .option(
      '--recall <share>',
      'share of the 50 nearest answers that searches are to find; measured after building, on 1,000 answers of the ' +
        'dataset (default: 0.98)',
      recall,
    )
    .addOption(
      new Option('--metric <metric>', 'Euclidean distance or inner product').choices(['l2', 'ip']).default('l2'),
    )
    .option(
      '--ef-construction <n>',
      'HNSW: candidates to keep while linking a vector (default: 40; 200 if the kind is chosen)',
      integer(1),
    )
    .option(
      '--to <url>',
      'load the dataset into PostgreSQL with pgvector instead, as HNSW<n> or HNSW<n>,SQfp16: ' +
        'postgres://user@host/database; pass the password in PGPASSWORD or ~/.pgpass',
    )
    .option(
      '--shard <url>',
      'with --to: another server, which gets its part of the rows and a graph of its own; can be repeated',
      collect,
    )
    .option('--table <name>', 'with --to: name of the table (default: "univar")')
    .option('--overwrite', 'with --to: replace the index that the table already has')
    .option(
      '--no-fit',
      'index the vectors of the encoder that embedded the dataset, unless the dataset has a fit already',
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText(
      'after',
      `
If the dataset has no fit yet, an encoder is fitted on its answers first (see "univar fit"): it identifies value
ids better than the encoder that embedded them.

Below 10,000 answers, the index that is chosen is exact (Flat); above, it is a graph. A graph or lists find most of the
nearest answers, not all. So searches are measured against exact search, and the dataset remembers the cheapest
settings that find the share asked for: identify and serve use them. They hold for the answers that are added later,
too; "univar compact" and another "univar index" measure again.

Examples:
  $ univar index values/
  $ univar index values/ --recall 0.995
  $ univar index values/ --factory HNSW32
  $ univar index values/ --factory IVF256,SQ8 --metric ip
  $ univar index values/ --to postgres://user@host/database
      then: univar identify values/ --index postgres://user@host/database
  $ univar index values/ --to postgres://user@host/database --shard postgres://user@other/database
`,
    )
    .action((dataset: string, options: BuildIndexCliOptions) =>
      options.to === undefined
        ? writeIndex(dataset, options, context)
        : loadIndex(dataset, { ...options, to: options.to }, context),
    );
}

/** Loads the dataset into a database. */
async function loadIndex(
  dir: string,
  options: BuildIndexCliOptions & { to: string },
  context: CliContext,
): Promise<void> {
  const { openDataset } = await import('../datasets/dataset.js');
  const { buildPgIndex } = await import('../pipeline/index/postgres-index.js');
  const { to, shard, table, factory = 'HNSW32', metric, efConstruction, overwrite = false, json } = options;
  if (options.recall !== undefined)
    throw new EngineError(
      'ERR_ARG_TYPE',
      '--recall cannot be used with --to; choose --ef-search of univar identify for an index in PostgreSQL',
    );
  const dataset = await openDataset(dir);
  if (options.fit) await fitIfMissing(dataset, context);
  const start = performance.now();
  const progress = context.progress({ label: 'load', unit: 'vectors', total: dataset.rows });
  const index = await buildPgIndex(dataset, {
    url: to,
    ...(shard !== undefined && { shards: shard }),
    ...(table !== undefined && { table }),
    factory,
    metric,
    overwrite,
    ...(efConstruction !== undefined && { efConstruction }),
    signal: context.signal,
    onProgress: (rows) => {
      progress.update(rows);
      if (rows < dataset.rows) return;
      progress.stop();
      context.log('index: all vectors are loaded; the server is building the graph');
    },
    onNotice: (text) => context.log(`note: ${text}`),
  }).finally(() => {
    progress.stop();
  });
  const seconds = (performance.now() - start) / 1000;
  const selfRecall = await index.selfRecall({ signal: context.signal }).finally(() => index.dispose());
  const { rows, places, factory: built } = index;
  if (json)
    context.printJson({ dataset: dir, table: index.table, places, factory: built, metric, rows, selfRecall, seconds });
  else
    context.print(
      `Indexed ${plural(rows, 'vector')} with ${built} (${metric}) in ${formatDuration(seconds)}: ` +
        `table "${index.table}" in ${places.join(' and ')}${describeSelfRecall(built, selfRecall)}`,
    );
}

/** Writes the index to a file in the dataset folder. */
async function writeIndex(
  dir: string,
  { json, shard, table, overwrite, fit, ...options }: BuildIndexCliOptions,
  context: CliContext,
): Promise<void> {
  if (shard !== undefined) throw new EngineError('ERR_ARG_TYPE', '--shard can only be used with --to');
  if (table !== undefined) throw new EngineError('ERR_ARG_TYPE', '--table can only be used with --to');
  if (overwrite)
    throw new EngineError(
      'ERR_ARG_TYPE',
      '--overwrite can only be used with --to; the index of a dataset folder is always replaced',
    );
  const { openDataset } = await import('../datasets/dataset.js');
  const { buildIndex } = await import('../pipeline/index/build-index.js');
  const dataset = await openDataset(dir);
  if (fit) await fitIfMissing(dataset, context);
  const start = performance.now();
  const progress = context.progress({ label: 'index', unit: 'vectors', total: dataset.rows });
  const { signal } = context;
  const onProgress = (rows: number): void => {
    progress.update(rows);
  };
  const onChoice = ({ factory, reason }: IndexChoice): void => context.log(`index: chose ${factory}: ${reason}`);
  const built = await buildIndex(dataset, { ...options, signal, onProgress, onChoice }).finally(() => {
    progress.stop();
  });
  const { path: file, factory, metric, rows, bytes, selfRecall, targetRecall, recall: found, effort } = built;
  const seconds = (performance.now() - start) / 1000;
  if (json) {
    const measured = { selfRecall, targetRecall, recall: found, effort };
    context.printJson({ dataset: dir, index: file, factory, metric, rows, bytes, ...measured, seconds });
    return;
  }
  context.print(
    `Indexed ${plural(rows, 'vector')} with ${factory} (${metric}) in ${formatDuration(seconds)}: ` +
      `${file}, ${formatBytes(bytes)}${describeSelfRecall(factory, selfRecall)}`,
  );
  const searches = describeRecall(built);
  if (searches !== undefined) context.print(`Searches ${searches}`);
  const advice = adviseOnRecall(built);
  if (advice !== undefined) context.log(`note: ${advice}`);
}

/** Fits an encoder on the dataset, unless it has a current one or its answers do not allow it. */
async function fitIfMissing(dataset: Dataset, context: CliContext): Promise<void> {
  const { canFit } = await import('../pipeline/fit/can-fit.js');
  const { searchedVectors } = await import('../pipeline/index/vector-source.js');
  const { isFitted, hasStaleFit } = await searchedVectors(dataset);
  if (isFitted) return;
  if (!canFit(dataset)) {
    context.log('index: no encoder is fitted, because that needs two value ids with at least two answers each');
    return;
  }
  if (hasStaleFit) context.log('index: the fit of this dataset belongs to other answers; fitting again');
  const { describeFit, fitWithProgress } = await import('./fit/run.js');
  context.log(describeFit(await fitWithProgress(dataset, { index: false }, context)));
}
