/**
 * Compares lookups with peers: hnswlib (`apt-get install libhnswlib-dev`), plain libfaiss on our files, and npm
 * `usearch` (`npm install --no-save usearch`). Builds every kind of index, opens all of them at once, lets them search
 * in turns, and prints tables at equal recall.
 *
 *   npm run bench:lookups -- --dataset values/ --rows 100000
 *
 * The queries are answers that are not in the index. The vectors of two datasets of the same answers (`--dataset a
 * --dataset b`) are put side by side. Indexes stay in --work, and the same command takes them from there. Results are
 * written after every round.
 */
import { writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import { capabilities } from '../../src/native/capabilities.js';
import { environmentOf } from '../support/engine.js';
import { buildIndex } from './build.js';
import { prepareData } from './data.js';
import { DEFAULT_KINDS, KINDS } from './kinds.js';
import { compileHnswlib, describeHnswlib } from './peers/hnswlib.js';
import { drawLookups } from './plot.js';
import type { Built, LookupFile } from './report.js';
import { Rounds } from './rounds.js';
import { Searcher } from './searcher.js';
import { lookupTables } from './tables.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KS = [10, 50];

const HELP = `Options:
  --dataset <folder>   written by univar embed; repeat it to put vectors of the same answers side by side
  --fitted             take the vectors of the fit of the dataset (univar fit)
  --rows <n>           rows of the index (default: all answers but the queries); beyond that, rows are made
  --queries <n>        (default: 1000)
  --rounds <n>         (default: 5)
  --kinds <a;b>        of: ${KINDS.map(({ name }) => name).join('; ')}
                       (default: ${DEFAULT_KINDS.join('; ')})
  --map                leave our indexes in their files
  --work <folder>      for indexes (default: univar-lookups in the folder for temporary files)
  --results <folder>   (default: bench/results)
  --plot <file.svg>    also draw the curves
`;

const { values } = parseArgs({
  options: {
    dataset: { type: 'string', multiple: true },
    fitted: { type: 'boolean', default: false },
    rows: { type: 'string' },
    queries: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    kinds: { type: 'string', default: DEFAULT_KINDS.join(';') },
    map: { type: 'boolean', default: false },
    work: { type: 'string', default: join(tmpdir(), 'univar-lookups') },
    results: { type: 'string', default: join(ROOT, 'bench', 'results') },
    plot: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help || values.dataset === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}

const note = (text: string): boolean => process.stderr.write(`${text}\n`);
const kinds = values.kinds.split(';').map((name) => {
  const kind = KINDS.find((known) => known.name === name.trim());
  if (!kind) throw new Error(`Expected a name from --help for --kinds, got "${name}"`);
  return kind;
});
const data = await prepareData({
  folders: values.dataset,
  fitted: values.fitted,
  rows: values.rows === undefined ? undefined : Number(values.rows),
  queries: Number(values.queries),
  k: Math.max(...KS),
  work: values.work,
});
const { dim, rows, realRows, dir } = data;
note(`${rows} x ${dim} vectors: ${realRows} of real answers, ${rows - realRows} made`);

const hnswlib = kinds.some(({ engine }) => engine === 'hnswlib') ? compileHnswlib(dir) : '';
const built: (Built | null)[] = [];
for (const kind of kinds) {
  note(`building ${kind.name}`);
  built.push(await buildIndex(kind, data, hnswlib));
}
const searchers: Searcher[] = [];
for (const kind of kinds) searchers.push(await Searcher.open(kind, data, hnswlib, values.map));

const machine = await describeMachine(ROOT, environmentOf(capabilities()));
const name = `lookups-${dim}x${rows}${values.fitted ? '-fitted' : ''}`;
const path = join(values.results, `${name}-${machine.variant}.json`);
const rounds = new Rounds(searchers, KS, data);
const loads: number[] = [];
while (rounds.done < Number(values.rounds)) {
  await rounds.run();
  loads.push(Math.round(10 * loadavg()[0]!) / 10);
  note(`round ${rounds.done} of ${values.rounds}, load ${loads.at(-1)}`);
  const file: LookupFile = {
    // Without the folders of this machine.
    command: `npm run bench:lookups -- ${process.argv
      .slice(2)
      .map((argument) => basename(argument))
      .join(' ')}`,
    machine,
    peer: describeHnswlib(),
    fitted: values.fitted,
    mapped: values.map,
    ...{ rows, realRows, dim, rounds: rounds.done, loads, queries: data.queries.length / dim },
    results: searchers.map((searcher, i) => ({
      name: searcher.kind.name,
      engine: searcher.kind.engine,
      built: built[i]!,
      openSeconds: searcher.openSeconds,
      programBytes: searcher.programBytes,
      residentBytes: searcher.residentBytes,
      points: rounds.curveOf(searcher),
    })),
  };
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  if (values.plot !== undefined) writeFileSync(values.plot, drawLookups(file, Math.max(...KS)));
  if (rounds.done === Number(values.rounds)) process.stdout.write(`${lookupTables(file)}\n`);
}
for (const searcher of searchers) searcher.close();
