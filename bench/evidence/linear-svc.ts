/** LinearSVC of scikit-learn as a peer: a process (linear_svc.py) that reads its inputs from files. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Split } from '../../src/evaluation/splits.js';
import { extractNgrams } from '../../src/text/ngrams/extract-ngrams.js';

const PROGRAM = fileURLToPath(new URL('linear_svc.py', import.meta.url));
/** Debian's Python, for which the package python3-sklearn is. */
const PYTHON = '/usr/bin/python3';
const MAX_OUTPUT_BYTES = 2 ** 26;

/** Features that an SVM is trained on: words and word pairs, these and characters, or the n-grams of this package. */
export type SvcFeatures = 'words' | 'characters' | 'ngrams';

/** Returns the version of scikit-learn, or undefined if it is not installed. */
export function sklearnVersion(): string | undefined {
  try {
    const program = 'import sklearn; print(sklearn.__version__)';
    return execFileSync(PYTHON, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** Returns the predicted label of every tested row, by features. */
export async function predictBySvc(
  { texts, labels }: { texts: readonly string[]; labels: readonly string[] },
  split: Split,
): Promise<Record<SvcFeatures, string[]>> {
  const { offsets, ids, counts } = await extractNgrams(texts);
  const folder = mkdtempSync(join(tmpdir(), 'univar-svc-'));
  try {
    const rows = { texts, labels, train: [...split.train], test: [...split.test] };
    writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
    writeFileSync(join(folder, 'offsets.i32'), offsets);
    writeFileSync(join(folder, 'ids.u32'), ids);
    writeFileSync(join(folder, 'counts.u8'), counts);
    const { stdout } = await promisify(execFile)(PYTHON, [PROGRAM, folder], { maxBuffer: MAX_OUTPUT_BYTES });
    return JSON.parse(stdout) as Record<SvcFeatures, string[]>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
