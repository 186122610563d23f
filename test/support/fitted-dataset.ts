import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embedDataset } from '../../src/pipeline/embed/embed-dataset.js';
import { type FitDatasetOptions, fitDataset } from '../../src/pipeline/fit/fit-dataset.js';
import type { QaRecord } from '../../src/records/record.js';
import { toJsonl } from './records.js';
import { answers, writeSentenceEncoder } from './trainable-encoder.js';

/** Settings of a fit that takes milliseconds. */
export const QUICK_FIT: FitDatasetOptions = { steps: 5, pairs: 8, dim: 16 };

/** Width of the vectors of the dataset's own encoder. */
export const OWN_DIM = 64;

export interface FittedFolder {
  dir: string;
  /** Folder of the encoder that embedded the dataset. */
  encoder: string;
  /** The only input. */
  file: string;
  records: QaRecord[];
}

/** Embeds 45 answers of three models in two shards, with a tiny encoder, and fits an encoder on them. */
export async function makeFittedDataset(scratch: string): Promise<FittedFolder> {
  const encoder = writeSentenceEncoder(join(scratch, 'tiny'));
  const records = answers(3, 15);
  const file = join(scratch, 'answers.jsonl');
  writeFileSync(file, toJsonl(records));
  const dir = join(scratch, 'values');
  await embedDataset({ inputs: [file], out: dir, encoder, shardRows: 30 });
  await fitDataset(dir, QUICK_FIT);
  return { dir, encoder, file, records };
}

/** An answer that no dataset of these tests has. */
export const NEW_RECORD: QaRecord = {
  qid: 'new',
  question: 'w1 w2',
  answer: 'w290 w291 w200 w201 w202',
  model: 'other',
  lang: 'fra',
};
