/** Files, servers and values that calls of the public API need to succeed. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeRandomEncoder } from '../../src/encoder/random-encoder.js';
import * as generation from '../../src/generation/index.js';
import * as univar from '../../src/index.js';
import { buildPgIndex } from '../../src/pgvector.js';
import { writeProject } from './generation-project.js';
import { NO_POSTGRES, PostgresServer } from './postgres-server.js';
import { toJsonl } from './records.js';
import { RECORDED_MODELS, startReplayServer } from './replay-server.js';
import { answers, writeTrainableEncoder } from './trainable-encoder.js';

export const DIM = 4;
export const ROWS = 12;
export const nothing = (): void => undefined;

export const records = answers(2, ROWS / 2);
export const matrix = (rows = ROWS): Float32Array =>
  Float32Array.from({ length: rows * DIM }, (_, i) => Math.sin(i * i) + 0.1);

export type ApiScene = Awaited<ReturnType<typeof makeApiScene>>;

export async function makeApiScene(folder: string) {
  const path = (name: string): string => join(folder, name);
  let count = 0;
  writeFileSync(path('answers.jsonl'), toJsonl(records));
  writeTrainableEncoder(path('checkpoint'));
  await writeRandomEncoder(path('encoder'), { layers: 1, hidden: 32, seed: 1 });
  mkdirSync(path('run'));
  writeFileSync(path('run/metrics.jsonl'), '{"kind":"step","step":1,"loss":1,"learningRate":1}\n');

  const fresh = (): string => path(`fresh-${count++}`);
  const description = { name: 'e', fingerprint: 'f', dim: DIM };
  const writer = async (): Promise<univar.DatasetWriter> => {
    const opened = await univar.DatasetWriter.open(fresh(), { encoder: description });
    await opened.append(records, matrix());
    return opened;
  };
  const written = await writer();
  await written.finish();
  const fittable = await writer();
  await fittable.finish();
  const embedding = { inputs: [path('answers.jsonl')], out: path('embedded'), encoder: path('encoder') };
  await univar.embedDataset(embedding);
  await univar.fitDataset(embedding.out, { steps: 5, pairs: 8, dim: DIM }); // for its classifier

  const index = async (): Promise<univar.VectorIndex> => {
    const made = await univar.VectorIndex.create({ dim: DIM, factory: 'HNSW4', metric: 'l2' });
    await made.add(matrix());
    return made;
  };
  const saved = await index();
  await saved.save(path('index.faiss'));
  const indexBytes = await saved.toBuffer();
  await saved.dispose();

  const models = await startReplayServer();
  const project = await generation.readProject(
    writeProject(folder, models.url, {
      values: ['Honesty'],
      models: [{ id: RECORDED_MODELS[0], endpoint: 'replay', languages: ['eng'] }],
      scenarios: { perValue: 1, perCall: 1 },
    }),
  );
  const generated = await generation.generate(project);
  cpSync(project.out, path('generated'), { recursive: true }); // a run that reuses everything is short

  const postgres = NO_POSTGRES === undefined ? await PostgresServer.start() : undefined;
  const table = { url: postgres?.url() ?? '', table: 'read' };
  for (const name of postgres ? ['read', 'changed'] : [])
    await (await buildPgIndex(written.dir, { ...table, table: name, metric: 'l2' })).dispose();

  return {
    path,
    /** A path that nothing is at. */
    fresh,
    /** A table that is not there. */
    freshTable: (): string => `t${count++}`,
    /** A dataset folder of {@link records} and {@link matrix}, and what describes its encoder. */
    values: written.dir,
    dataset: await univar.openDataset(written.dir),
    /** A dataset folder that calls may fit. */
    fittable: fittable.dir,
    description,
    writer,
    embedding,
    index,
    indexBytes,
    project,
    generated,
    /** An index of `values` in PostgreSQL, and one that may be changed; undefined without a server. */
    table: postgres && table,
    changedTable: postgres && { ...table, table: 'changed' },
    end: async (): Promise<void> => {
      await models.close();
      await postgres?.stop();
    },
  };
}
