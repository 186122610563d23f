import { basename, join } from 'node:path';

import { allocateFloat32 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { replaceFile } from '../../core/replace-file.js';
import { labelRows } from '../../core/row-labels.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import type { Encoder } from '../../encoder/encoder.js';
import { loadEncoder } from '../../encoder/load-encoder.js';
import { type AnswerSet, centroidDrift, type Distance, type Drift } from '../../evaluation/centroid-drift.js';
import { mapColumns } from '../../maps/map-columns.js';
import { projectEmbeddings } from '../../maps/project-embeddings.js';
import { svgMap } from '../../maps/svg-map.js';
import { readRecords } from '../../records/read-records.js';
import type { QaRecord } from '../../records/record.js';
import type { CliContext } from '../context.js';
import { formatPercent, formatTable, plural } from '../format.js';
import type { DriftCommandOptions } from './options.js';

/** `univar drift` */
export async function runDrift(options: DriftCommandOptions, context: CliContext): Promise<void> {
  const { encoder: folder = DEFAULT_ENCODER, backend, precision, samples, seed, out } = options;
  const files = [options.reference, options.target, ...options.checkpoints];
  const names = distinctNames(files);
  if (out !== undefined) await makeFolder(out);
  const records: QaRecord[][] = [];
  for (const file of files) records.push(await readAll(file, context.signal));
  const encoder = await loadEncoder(folder, { backend, precision });
  try {
    const sets: AnswerSet[] = [];
    for (const [i, own] of records.entries()) sets.push(await embed(names[i]!, own, encoder, context));
    const [reference, target, ...checkpoints] = sets as [AnswerSet, AnswerSet, ...AnswerSet[]];
    const drift = centroidDrift(reference, target, checkpoints, encoder.dim, samples, seed);
    const plots = out === undefined ? [] : await writeDrift(out, drift, sets, encoder.dim, seed, context.signal);
    if (options.json)
      context.printJson({ reference: names[0], target: names[1], encoder: encoder.name, ...drift, plots });
    else context.print(describeDrift(drift, names[0]!, names[1]!, plots));
  } finally {
    await encoder.dispose();
  }
}

async function readAll(file: string, signal: AbortSignal): Promise<QaRecord[]> {
  const records: QaRecord[] = [];
  for await (const batch of readRecords([file], { signal })) records.push(...batch.records);
  return records;
}

async function embed(
  name: string,
  records: readonly QaRecord[],
  encoder: Encoder,
  context: CliContext,
): Promise<AnswerSet> {
  const { signal } = context;
  const bar = context.progress({ label: name, unit: 'answers', total: records.length });
  try {
    const { embeddings } = await encoder.encode(records, { signal, onProgress: (done) => bar.update(done) });
    return { name, embeddings, questions: records.map(({ group, qid }) => group ?? qid) };
  } finally {
    bar.stop();
  }
}

/** Returns the names of the files without folders and endings, or the full paths if these names are not distinct. */
function distinctNames(files: readonly string[]): string[] {
  if (new Set(files).size < files.length)
    throw new EngineError('ERR_ARG_RANGE', 'Expected different files for reference, target and checkpoints');
  const short = files.map((file) => basename(file).replace(/\.(jsonl|ndjson|csv|parquet)(\.gz)?$/i, ''));
  return new Set(short).size === short.length ? short : [...files];
}

async function writeDrift(
  out: string,
  drift: Drift,
  sets: readonly AnswerSet[],
  dim: number,
  seed: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { plotDrift } = await import('../../evaluation/drift-plot.js');
  const names = sets.map(({ name }) => name);
  const all = allocateFloat32(
    sets.reduce((sum, { embeddings }) => sum + embeddings.length, 0),
    'the embeddings',
  );
  let at = 0;
  for (const { embeddings } of sets) {
    all.set(embeddings, at);
    at += embeddings.length;
  }
  // Two of many dimensions show little of a drift, but all sets share one projection.
  const { coordinates } = await projectEmbeddings(all, { dim, method: 'pca', seed, signal });
  const points = labelRows(sets.flatMap(({ name, questions }) => questions.map(() => name)));
  const map = svgMap({
    title: 'Value drift',
    subtitle: 'Principal components of all answers',
    coordinates,
    valueIds: points.labels,
    columns: mapColumns(points.names),
    color: 'value-id',
  });
  const files: [string, string][] = [
    ['drift.json', `${JSON.stringify({ reference: names[0], target: names[1], ...drift }, null, 2)}\n`],
    ['drift.svg', plotDrift(drift, names[0]!, names[1]!)],
    ['map.svg', map],
  ];
  for (const [name, text] of files) await replaceFile(join(out, name), [text]);
  return files.map(([name]) => join(out, name));
}

function describeDrift(
  { questions, leftOut, span, checkpoints }: Drift,
  reference: string,
  target: string,
  files: readonly string[],
): string {
  const cells = ({ distance, interval }: Distance): string =>
    `${distance.toFixed(4)}${interval ? ` (${interval.low.toFixed(4)} to ${interval.high.toFixed(4)})` : ''}`;
  const rows = checkpoints.map(({ name, toReference, toTarget, progress }) => [
    name,
    cells(toReference),
    cells(toTarget),
    progress ? formatPercent(progress.share) : '',
  ]);
  return [
    `${plural(questions, 'question')} in all files${leftOut > 0 ? `, ${leftOut} left out` : ''}. ` +
      `Distance from ${reference} to ${target}: ${cells(span)}.`,
    formatTable([['checkpoint', `to ${reference}`, `to ${target}`, 'of the way'], ...rows]),
    ...(files.length > 0 ? [`Files: ${files.join(', ')}`] : []),
  ].join('\n');
}
