/**
 * Adding to a dataset: which of the inputs are in it, and whether what is to come behind its rows is of the same kind.
 */
import { EngineError, type Remedy } from '../core/errors.js';
import type { SourceFile } from '../records/input-files.js';
import type { DatasetConfiguration } from './manifest.js';

/** Settings that may differ between the parts of a dataset: how many rows are written together. */
const FREE_SETTINGS: readonly string[] = ['shardRows', 'windowRows'];

export interface AddedSources {
  /** The inputs that are new, by their number, in order. */
  added: number[];
  /** The sources of the dataset, then the new ones. */
  sources: SourceFile[];
}

/**
 * Finds the inputs that a dataset was not made from yet. An input is known by its name and its content.
 *
 * @param present the sources of the dataset
 * @param inputs all inputs, the old ones among them
 * @param partly whether old ones may be left out
 * @throws EngineError `ERR_DATA` naming the sources of the dataset that have changed or are not among the inputs
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
    { text: 'embed everything again in place of this dataset', option: { name: 'overwrite', value: true } },
  ];
  if (changed.length > 0) {
    throw new EngineError('ERR_DATA', `The dataset ${dir} was made from other contents of ${list(changed)}`, {
      remedies: [{ text: 'restore the old contents and put the new answers into a file of their own' }, ...again],
    });
  }
  if (vanished.length > 0 && !partly) {
    throw new EngineError(
      'ERR_DATA',
      `The dataset ${dir} was also made from ${list(vanished)}, which is not among the inputs`,
      {
        remedies: [
          { text: 'name all inputs of the dataset and the new ones' },
          { text: 'say that the inputs are only the new ones', option: { name: 'add', value: true } },
          ...again,
        ],
      },
    );
  }
  return { added, sources: [...present, ...added.map((i) => inputs[i]!)] };
}

/** What can be done about a folder that holds something else. */
export const REPLACE_FOLDER: readonly Remedy[] = [
  { text: 'take another folder' },
  { text: 'replace it', option: { name: 'overwrite', value: true } },
];

/**
 * Refuses a configuration that does not continue a complete dataset.
 *
 * @throws EngineError `ERR_DATA` naming what differs
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
    `The folder ${dir} holds a complete dataset already, which differs in ${differing.join(', ')}`,
    { remedies: REPLACE_FOLDER },
  );
}

/** Of configurations, whose keys are in order. */
function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
