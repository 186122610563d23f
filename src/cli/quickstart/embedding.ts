import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { DEFAULT_ENCODER } from '../../encoder/default-encoder.js';
import { planEncoder } from '../../encoder/plan-encoder.js';
import { hashFile } from '../../records/input-files.js';
import type { CliContext } from '../context.js';
import { embedWithProgress } from '../embed/run.js';
import { SAMPLE } from './sample.js';

const MEASURED_FILE = 'embedding.json';

/** Measurements taken while the sample was embedded. */
export interface MeasuredEmbedding {
  embedSeconds: number;
  answersPerSecond: number;
}

export interface SampleEmbedding extends MeasuredEmbedding {
  dataset: Dataset;
  /** Whether an earlier run had embedded the sample. */
  reused: boolean;
}

/**
 * Embeds the sample into OUT/values. If an earlier run did so with the same sample and encoder, opens its result and
 * returns its times.
 */
export async function embedSample(out: string, fresh: boolean, context: CliContext): Promise<SampleEmbedding> {
  const dir = join(out, 'values');
  const earlier = fresh ? undefined : await openEarlier(out, dir, context.signal);
  if (earlier) return earlier;
  const summary = await embedWithProgress({ inputs: [SAMPLE], out: dir, overwrite: true }, context);
  const { rows, answersPerSecond } = summary;
  // The rate is that of the answers embedded by this run. After a resumed run, the seconds are
  // extrapolated to all rows.
  const measured = { embedSeconds: answersPerSecond > 0 ? rows / answersPerSecond : summary.seconds, answersPerSecond };
  await writeFile(join(out, MEASURED_FILE), `${JSON.stringify(measured, null, 2)}\n`);
  return { dataset: await openDataset(dir), reused: false, ...measured };
}

async function openEarlier(out: string, dir: string, signal: AbortSignal): Promise<SampleEmbedding | undefined> {
  try {
    const dataset = await openDataset(dir);
    const [source] = dataset.manifest.sources;
    const { sha256 } = await hashFile(SAMPLE, signal);
    const plan = await planEncoder(DEFAULT_ENCODER);
    const measured = JSON.parse(await readFile(join(out, MEASURED_FILE), 'utf8')) as MeasuredEmbedding;
    const isSame = source?.sha256 === sha256 && dataset.manifest.encoder.fingerprint === (await plan.fingerprint());
    if (!isSame) return undefined;
    return { dataset, reused: true, ...measured };
  } catch {
    return undefined; // anything missing or broken is embedded again
  }
}
