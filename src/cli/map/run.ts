import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { expectReplaceable, replaceFile } from '../../core/replace-file.js';
import type { RowLabels } from '../../core/row-labels.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { htmlMap } from '../../maps/html-map.js';
import { mapColumns, readModelTable } from '../../maps/map-columns.js';
import { importCanvas, pngMap } from '../../maps/png-map.js';
import { type Projection, type ProjectionPhase, projectEmbeddings } from '../../maps/project-embeddings.js';
import { findRegions } from '../../maps/regions/find-regions.js';
import { stratifiedSample } from '../../maps/stratified-sample.js';
import { svgMap } from '../../maps/svg-map.js';
import { columnOf, type MapColumn, type Region, type ValueMap } from '../../maps/value-map.js';
import type { CliContext } from '../context.js';
import { formatBytes, formatCount, formatDuration, formatPercent, plural } from '../format.js';
import type { Progress } from '../progress.js';
import { StagedProgress } from '../staged-progress.js';
import type { MapCliOptions } from './options.js';

const FORMATS = ['.html', '.svg', '.png'] as const;
type Format = (typeof FORMATS)[number];

const PHASES: Record<ProjectionPhase, { label: string; unit: string }> = {
  search: { label: 'neighbours', unit: 'answers' },
  layout: { label: 'layout', unit: 'epochs' },
  place: { label: 'place', unit: 'answers' },
};

/** `univar map`: projects the embeddings, draws them and writes one file. */
export async function runMap(dir: string, options: MapCliOptions, context: CliContext): Promise<void> {
  const start = performance.now();
  const { out, json } = options;
  const format = formatOf(out);
  await expectReplaceable(out);
  if (format === '.png') await importCanvas(); // fail before the work if the package is missing
  const dataset = await openDataset(dir);
  if (dataset.rows === 0) throw new EngineError('ERR_DATA', `The dataset ${dir} is empty`);
  const labels = await dataset.readValueIds({ signal: context.signal });
  const columns = await chooseColumns(labels.names, options, context.signal);
  const projection = await project(dataset, labels, options, context);
  const map: ValueMap = {
    title: options.title ?? basename(resolve(dir)),
    subtitle: describe(dataset, labels, projection, options),
    coordinates: projection.coordinates,
    valueIds: labels.labels,
    columns,
    color: options.color,
  };
  await replaceFile(out, await draw(format, map, dataset, options, context));
  const { size: bytes } = await stat(out);
  const seconds = (performance.now() - start) / 1000;
  const { method, laidOut, explained } = projection;
  const summary = {
    dataset: dir,
    out,
    format: format.slice(1),
    method,
    points: dataset.rows,
    laidOut,
    color: options.color,
    categories: columnOf(map, options.color)!.values.length,
  };
  if (json) context.printJson({ ...summary, ...(explained && { explained }), bytes, seconds });
  else context.print(`${map.subtitle}\nMap: ${out}, ${formatBytes(bytes)}, in ${formatDuration(seconds)}`);
}

function formatOf(out: string): Format {
  const format = FORMATS.find((candidate) => candidate === extname(out).toLowerCase());
  if (!format)
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a file name that ends in ${FORMATS.join(', ')} for "out", got ${JSON.stringify(out)}`,
    );
  return format;
}

async function chooseColumns(
  valueIds: readonly string[],
  { color, models }: MapCliOptions,
  signal: AbortSignal,
): Promise<MapColumn[]> {
  const table = models === undefined ? undefined : await readModelTable(models, signal);
  const columns = mapColumns(valueIds, table);
  if (!columnOf({ columns }, color)) {
    const hint = models === undefined ? '; --models adds columns' : '';
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected one of ${columns.map(({ name }) => name).join(', ')} for "color", got ${JSON.stringify(color)}${hint}`,
    );
  }
  return columns;
}

async function project(
  dataset: Dataset,
  { names, labels }: RowLabels,
  options: MapCliOptions,
  context: CliContext,
): Promise<Projection> {
  const { method, neighbours, minDistance, seed } = options;
  const { dim, rows } = dataset;
  const { signal } = context;
  const sample =
    method === 'umap' && options.sample < rows
      ? stratifiedSample(labels, names.length, options.sample, seed)
      : undefined;
  let shown: { phase: ProjectionPhase; bar: Progress } | undefined;
  const onProgress = (phase: ProjectionPhase, done: number, total: number): void => {
    if (shown?.phase !== phase) {
      shown?.bar.stop();
      shown = { phase, bar: context.progress({ ...PHASES[phase], total }) };
    }
    shown.bar.update(done);
  };
  try {
    return await projectEmbeddings(await dataset.readEmbeddings(), {
      dim,
      method,
      neighbours,
      minDistance,
      seed,
      signal,
      onProgress,
      ...(sample && { sample }),
    });
  } finally {
    shown?.bar.stop();
  }
}

function describe(
  dataset: Dataset,
  { names }: RowLabels,
  { method, explained, laidOut }: Projection,
  { neighbours, seed }: MapCliOptions,
): string {
  const encoder = dataset.manifest.encoder.name;
  const points = `${plural(dataset.rows, 'answer')}, ${plural(names.length, 'value id')}, embedded with ${encoder}`;
  if (explained)
    return `${points}; principal components with ${explained.map(formatPercent).join(' and ')} of the variance`;
  const sampled =
    laidOut < dataset.rows ? `, ${formatCount(laidOut)} laid out, the others placed by their neighbours` : '';
  return `${points}; ${method.toUpperCase()} with ${neighbours} neighbours, seed ${seed}${sampled}`;
}

async function draw(
  format: Format,
  map: ValueMap,
  dataset: Dataset,
  { textLength }: MapCliOptions,
  context: CliContext,
): Promise<(string | Uint8Array)[]> {
  if (format === '.html') {
    const regions = await labelRegions(map, dataset, context);
    return htmlMap({ ...map, regions }, dataset.records(), { textLength, signal: context.signal });
  }
  return [format === '.svg' ? svgMap(map) : await pngMap(map)];
}

/** Finds the labels of the regions of a page. */
async function labelRegions(map: ValueMap, dataset: Dataset, context: CliContext): Promise<Region[]> {
  const progress = new StagedProgress(context);
  try {
    return await findRegions(map.coordinates, (rows) => dataset.readRecordsAt(rows), {
      signal: context.signal,
      onProgress: (done, total) => progress.update({ label: 'labels', unit: 'levels', total }, done),
    });
  } finally {
    progress.stop();
  }
}
