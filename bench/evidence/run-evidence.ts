import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Machine } from '../../packages/bench-gate/src/report/results-file.js';
import { Lab, type LabOptions } from './lab.js';
import { writeSection } from './pages.js';
import { ablation } from './parts/ablation.js';
import { classifierSettings } from './parts/classifier-settings.js';
import { control } from './parts/control.js';
import { encoders } from './parts/encoders.js';
import { identification } from './parts/identification.js';
import { languages } from './parts/languages.js';
import type { Part } from './parts/part.js';
import { rewrites } from './parts/rewrites.js';
import { style } from './parts/style.js';
import { transfer } from './parts/transfer.js';
import { translationese } from './parts/translationese.js';
import { treatments } from './parts/treatments.js';
import { unknownAuthors } from './parts/unknown-authors.js';
import { unseenModels } from './parts/unseen-models.js';
import { views } from './parts/views.js';

/** Parts of the evidence, in the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  encoders,
  'classifier-settings': classifierSettings,
  'unknown-authors': unknownAuthors,
  identification,
  control,
  transfer,
  treatments,
  rewrites,
  translationese,
  languages,
  views,
  style,
  ablation,
  'unseen-models': unseenModels,
};

export interface EvidenceOptions extends LabOptions {
  /** Names of {@link PARTS}. */
  parts: readonly string[];
  /** Folder with evidence.md and training.md, and evidence/ for the plots. */
  pages: string;
  /** JSON file of results. Earlier results of other parts are kept. */
  results: string;
  command: string;
  machine: Machine;
}

interface ResultsFile {
  [part: string]: { command: string; scale: string; machine: Machine; result: unknown };
}

/** Runs parts one after the other, and writes the results of each immediately. */
export async function runEvidence(options: EvidenceOptions): Promise<void> {
  const { parts, pages, results, command, machine, ...rest } = options;
  const lab = new Lab(rest);
  try {
    for (const name of parts) {
      const started = performance.now();
      const { result, sections, plots } = await PARTS[name]!(lab);
      for (const section of sections) writeSection(pages, section);
      mkdirSync(join(pages, 'evidence'), { recursive: true });
      for (const [file, svg] of Object.entries(plots)) writeFileSync(join(pages, 'evidence', file), svg);
      const known = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as ResultsFile) : {};
      mkdirSync(dirname(results), { recursive: true });
      writeFileSync(results, stringify({ ...known, [name]: { command, scale: lab.scale.name, machine, result } }));
      lab.log(`${name}: done after ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
    }
  } finally {
    await lab.close();
  }
}

/** Writes JSON with every list or object of plain values on one line. */
function stringify(results: ResultsFile): string {
  const text = JSON.stringify(results, roundFigures, 1);
  const innermost = /([[{])\n\s+([^[\]{}]*?)\n\s+([\]}])/g;
  const joined = text.replace(
    innermost,
    (_, open: string, values: string, close: string) => `${open}${values.replace(/\n\s+/g, ' ')}${close}`,
  );
  return `${joined}\n`;
}

/** Rounds to six significant digits. More would be noise and double the size of the file. */
function roundFigures(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
