/**
 * Adding to a dataset: finds the inputs that are new, and checks that the configuration fits the existing rows.
 */
import { EngineError, type Remedy } from '../core/errors.js';
import type { SourceFile } from '../records/input-files.js';
import type { DatasetConfiguration } from './manifest.js';

/** Settings that can differ between additions to a dataset: the number of rows written together. */
const FREE_SETTINGS: readonly string[] = ['shardRows', 'windowRows'];

export interface AddedSources {
  /** Positions of the new inputs, in order. */
  added: number[];
  /** The sources of the dataset, then the new ones. */
  sources: SourceFile[];
}

/**
 * Finds the inputs that are not in a dataset yet. Inputs are identified by name and content.
 *
 * @param present sources of the dataset
 * @param inputs all inputs, including the old ones
 * @param partly allows the inputs to omit old ones
 * @throws EngineError `ERR_DATA` naming the sources of the dataset that have changed or are missing from the inputs
 */
export function findAddedSources(
  dir: string,
  present: readonly SourceFile[],
  inputs: readonly SourceFile[],
  partly: boolean,
): AddedSources {
  const key = ({ file, sha256 }: SourceFile): string => `${sha256} ${file}`;
  const known = new Map<string, number>();
  for (const source of present) known.set(key(source), (known.get(key(source)) ?? 0) + 1);
  const added = [...inputs.keys()].filter((i) => {
    const left = known.get(key(inputs[i]!)) ?? 0;
    if (left > 0) known.set(key(inputs[i]!), left - 1);
    return left === 0;
  });
  const newNames = new Set(added.map((i) => inputs[i]!.file));
  const missing = present.filter((source) => {
    const left = known.get(key(source)) ?? 0;
    known.set(key(source), left - 1);
    return left > 0;
  });
  const changed = missing.filter(({ file }) => newNames.has(file));
  const vanished = missing.filter(({ file }) => !newNames.has(file));
  const list = (files: readonly SourceFile[]): string =>
    files
      .slice(0, 5)
      .map(({ file }) => file)
      .join(', ') + (files.length > 5 ? ` and ${files.length - 5} more` : '');
  const again = [
    { text: 'embed everything again into another folder' },
    { text: 'embed everything again and replace this dataset', option: { name: 'overwrite', value: true } },
  ];
  if (changed.length > 0) {
    throw new EngineError('ERR_DATA', `The dataset ${dir} was made from different contents of ${list(changed)}`, {
      remedies: [{ text: 'restore the old contents and put the new answers into a separate file' }, ...again],
    });
  }
  if (vanished.length > 0 && !partly) {
    throw new EngineError(
      'ERR_DATA',
      `The dataset ${dir} was also made from ${list(vanished)}, which is not among the inputs`,
      {
        remedies: [
          { text: 'pass all inputs of the dataset together with the new ones' },
          { text: 'declare that all inputs are new', option: { name: 'add', value: true } },
          ...again,
        ],
      },
    );
  }
  return { added, sources: [...present, ...added.map((i) => inputs[i]!)] };
}

/** Remedies for a folder that already holds something else. */
export const REPLACE_FOLDER: readonly Remedy[] = [
  { text: 'choose another folder' },
  { text: 'replace it', option: { name: 'overwrite', value: true } },
];

/**
 * Rejects a configuration that does not continue a complete dataset.
 *
 * @throws EngineError `ERR_DATA` naming the differences
 */
export function fitBase(dir: string, base: DatasetConfiguration, wanted: DatasetConfiguration): void {
  const differing = (['encoder', 'dim', 'dtype'] as const).filter(
    (name) => !equal(base[name], wanted[name]),
  ) as string[];
  const settings = new Set(
    [...Object.keys(base.settings), ...Object.keys(wanted.settings)].filter((name) => !FREE_SETTINGS.includes(name)),
  );
  for (const name of [...settings].sort())
    if (!equal(base.settings[name], wanted.settings[name])) differing.push(`settings.${name}`);
  if (!equal(wanted.sources.slice(0, base.sources.length), base.sources)) differing.push('sources');
  if (differing.length === 0) return;
  throw new EngineError(
    'ERR_DATA',
    `The folder ${dir} already holds a complete dataset, which differs in ${differing.join(', ')}`,
    { remedies: REPLACE_FOLDER },
  );
}

/** Compares parts of configurations, whose keys are sorted. */
function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
