import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { openDataset } from '../../datasets/dataset.js';
import { LiveCollection } from '../../datasets/live/live-collection.js';
import { DerivedFolder } from '../../explore/derived/derived-folder.js';
import { Exploration, type ExplorationStep } from '../../explore/exploration.js';
import { readModelTable } from '../../maps/map-columns.js';
import { ServedDataset } from '../../pipeline/served-dataset.js';
import { AllowedHosts } from '../../server/allowed-hosts.js';
import { expectFreePort } from '../../server/port.js';
import { Server } from '../../server/start-server.js';
import type { CliContext } from '../context.js';
import { plural } from '../format.js';
import { StagedProgress } from '../staged-progress.js';
import type { ExploreCliOptions } from './options.js';

const STEPS: Record<ExplorationStep, { label: string; unit: string }> = {
  search: { label: 'neighbours', unit: 'answers' },
  layout: { label: 'layout', unit: 'epochs' },
  place: { label: 'place', unit: 'answers' },
  columns: { label: 'read', unit: 'answers' },
  labels: { label: 'labels', unit: 'levels' },
};
const LOCAL = new Set(['127.0.0.1', '::1', 'localhost']);
/** A selection of a million answers, and the arrays of the page, are larger than what `univar serve` expects. */
const BYTES_IN_FLIGHT = 512 * 2 ** 20;
/** Connections of a page that was closed end at once. */
const STOP_TIMEOUT_MS = 2000;

/** `univar explore`: prepares the map, listens, and ends at the first signal. */
export async function runExplore(dir: string, options: ExploreCliOptions, context: CliContext): Promise<void> {
  const { host, port, json } = options;
  const { signal } = context;
  const hosts = new AllowedHosts(host);
  const note = (text: string): void => context.log(`note: ${text}`);
  await expectFreePort(host, port);
  const exploration = await prepare(dir, options, note, context);
  const served = new ServedDataset(exploration.dataset.dir, {
    encoder: options.encoder,
    backend: options.backend,
    precision: options.precision,
    readOnly: true,
    note,
  });
  const live = await LiveCollection.open({
    open: () => served.open(),
    close: () => served.close(),
    readOnly: true,
  }).catch(async (error: unknown) => {
    await exploration.close();
    throw error;
  });
  const { added } = live.current;
  if (added > 0) note(`${plural(added, 'answer')} from a server will be on the map after "univar compact ${dir}"`);
  const server = await Server.start({
    source: live,
    exploration,
    host,
    hosts,
    port,
    limits: { bytesInFlight: BYTES_IN_FLIGHT },
    log: { level: 'warn', stream: process.stderr, texts: false },
  });
  if (!LOCAL.has(host)) note('other machines can reach this server, and read all texts of the dataset');
  const { rows } = exploration.dataset;
  const { url } = server;
  if (json) context.printJson({ url, pid: process.pid, dataset: exploration.dataset.dir, rows });
  else context.print(`Open ${url} in a browser: ${plural(rows, 'answer')}. Ctrl-C ends the server.`);
  if (!signal.aborted) await once(signal, 'abort');
  await server.stop({ timeoutMs: STOP_TIMEOUT_MS });
}

async function prepare(
  given: string,
  { models, title, method, neighbours, minDistance, seed, sample }: ExploreCliOptions,
  note: (text: string) => void,
  context: CliContext,
): Promise<Exploration> {
  const { signal } = context;
  const table = models === undefined ? undefined : await readModelTable(models, signal);
  const dir = await withFileErrors(`open the dataset ${given}`, () => realpath(given));
  const dataset = await openDataset(dir);
  if (dataset.rows === 0) throw new EngineError('ERR_DATA', `The dataset ${given} is empty`);
  const progress = new StagedProgress(context);
  try {
    return await Exploration.open(dataset, {
      title: title ?? basename(dir),
      settings: { method, neighbours, minDistance, seed, sample },
      models: table,
      folder: new DerivedFolder(dir, note),
      note,
      signal,
      onProgress: (step, done, total) => progress.update({ ...STEPS[step], total }, done),
    });
  } finally {
    progress.stop();
  }
}
