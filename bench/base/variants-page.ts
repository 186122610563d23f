/** Writes the comparison of variants of the base encoder to bench/results and docs/evidence.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { percent, table, writeSection } from '../evidence/pages.js';
import type { VariantResults } from './compare-variants.js';

export function writeVariants(root: string, results: VariantResults): void {
  writeFileSync(join(root, 'bench/results/base-variants.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeSection(join(root, 'docs'), { page: 'evidence', name: 'base variants', markdown: variantTable(results) });
}

function variantTable({ variants }: VariantResults): string {
  const recipe = variants[0]!.mean;
  return table(
    ['variant', 'n-grams', 'size, MB', 'processor seconds', 'accuracy', 'difference'],
    variants.map(({ title, ngrams, bytes, seconds, mean }) => [
      title,
      ngrams.toLocaleString('en'),
      (bytes / 1e6).toFixed(1),
      seconds === null ? '-' : seconds.toFixed(0),
      percent(mean),
      signedPoints(mean - recipe),
    ]),
  );
}

function signedPoints(share: number): string {
  const points = percent(Math.abs(share));
  return points === '0.0' ? points : `${share < 0 ? '−' : '+'}${points}`;
}
