import { findAddedSources } from '../../datasets/added-sources.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { readManifest } from '../../datasets/manifest.js';
import { describeSources, type InputFormat, resolveInputs, type SourceFile } from '../../records/input-files.js';

export interface EmbedInputs {
  /** The complete dataset that is added to. */
  base: Dataset | undefined;
  /** Files to embed: all of them, or those that the dataset was not made from. */
  paths: string[];
  /** What the dataset will be made from. */
  sources: SourceFile[];
}

export interface FindInputsOptions {
  format: InputFormat | undefined;
  /** The inputs are only the new ones. */
  add: boolean;
  overwrite: boolean;
  signal: AbortSignal;
}

/**
 * Finds the files to embed, and the dataset that they are added to.
 *
 * @throws EngineError `ERR_DATA` for missing inputs, and for inputs of the dataset that have changed or are not named
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
