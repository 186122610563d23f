import { findAddedSources } from '../../datasets/added-sources.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { readManifest } from '../../datasets/manifest.js';
import { describeSources, type InputFormat, resolveInputs, type SourceFile } from '../../records/input-files.js';

export interface EmbedInputs {
  /** The complete dataset to add to; undefined if a new one is made. */
  base: Dataset | undefined;
  /** Files to embed: all inputs, or those that the existing dataset does not contain. */
  paths: string[];
  /** All sources of the finished dataset. */
  sources: SourceFile[];
}

export interface FindInputsOptions {
  format: InputFormat | undefined;
  /** Treats the inputs as additions. */
  add: boolean;
  overwrite: boolean;
  signal: AbortSignal;
}

/**
 * Finds the files to embed, and the dataset to add them to.
 *
 * @throws EngineError `ERR_DATA` if inputs are missing, or if inputs of the dataset have changed or are not listed
 */
export async function findInputs(
  out: string,
  inputs: readonly string[],
  { format, add, overwrite, signal }: FindInputsOptions,
): Promise<EmbedInputs> {
  const files = (await resolveInputs(inputs, format)).map(({ path }) => path);
  const described = await describeSources(inputs, format, signal);
  if (overwrite || !(await readManifest(out))) return { base: undefined, paths: files, sources: described };
  const base = await openDataset(out);
  const { added, sources } = findAddedSources(out, base.manifest.sources, described, add);
  return { base, paths: added.map((i) => files[i]!), sources };
}
