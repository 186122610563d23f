import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { CONFIGURATIONS, SCALES } from '../../bench/evidence/configurations.js';
import { type EvidenceOptions, PARTS, runEvidence } from '../../bench/evidence/run-evidence.js';
import { createTrainer } from '../../src/training/trainer.js';
import { jsonWithVocabulary } from '../support/peer-tokenizer.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeTrainableEncoder } from '../support/trainable-encoder.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** Writes the tiny NomicBERT of the fixtures with the most common words of a value set as its vocabulary. */
async function writeEncoder(folder: string): Promise<string> {
  const text = gunzipSync(readFileSync(join(DATA, 'qa', 'redteam_safety.jsonl.gz'))).toString('utf8');
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[a-z]+|[.,:!?-]/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 300)
    .map(([word]) => word);
  const bare = writeTrainableEncoder(join(folder, 'bare'), { fixture: 'nomic-tiny' });
  writeFileSync(join(bare, 'tokenizer.json'), JSON.stringify(jsonWithVocabulary(new Set(['q', 'a', ':', ...words]))));
  const trainer = await createTrainer({ encoder: bare });
  await trainer.save(join(folder, 'encoder'));
  await trainer.dispose();
  return join(folder, 'encoder');
}

const { quick } = SCALES;

describe.skipIf(!existsSync(DATA))('the evidence (skipped where ../shared/data is absent)', () => {
  it('is computed, cached, and written to pages, plots and results', async () => {
    const folder = temporaryFolder();
    const pages = join(folder, 'docs');
    mkdirSync(pages);
    for (const page of ['evidence.md', 'training.md']) cpSync(join(ROOT, 'docs', page), join(pages, page));
    const lines: string[] = [];
    const options: EvidenceOptions = {
      encoder: await writeEncoder(folder),
      data: DATA,
      out: join(folder, 'out'),
      scale: {
        ...quick,
        main: { voting: 150, tested: 80 },
        short: { voting: 100, tested: 50 },
        sources: { answers: 240, valueIds: 4, seeds: [1], sampled: { voting: 100, tested: 30 } },
        training: { steps: 2, batchSize: 6, maxTokens: 24, rowsPerSet: 120 },
      },
      glove: false,
      parts: Object.keys(PARTS),
      pages,
      results: join(folder, 'evidence.json'),
      command: 'test',
      machine: { cpu: 'any', cores: 1, memoryGiB: 1, variant: 'any', node: '20', commit: 'none' },
      log: (line) => void lines.push(line),
    };
    await runEvidence(options);

    const page = readFileSync(join(pages, 'evidence.md'), 'utf8');
    expect(page).not.toContain('Not measured yet');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    for (const [, plot] of page.matchAll(/\]\((evidence\/[^)]+\.svg)\)/g))
      expect(statSync(join(pages, plot!)).size, plot).toBeLessThan(100_000);
    const results = JSON.parse(readFileSync(options.results, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(results)).toEqual(Object.keys(PARTS));
    expect(JSON.stringify(results)).not.toContain('null,null');

    const trained = lines.filter((line) => line.includes('steps to do')).map((line) => line.split(':')[0]);
    expect(trained.sort()).toEqual(CONFIGURATIONS.map(({ name }) => name).sort());
    expect(readdirSync(join(options.out, 'runs')).filter((name) => name.endsWith('.json'))).toHaveLength(
      CONFIGURATIONS.length,
    );

    lines.length = 0;
    const before = readFileSync(join(pages, 'evidence.md'), 'utf8');
    await runEvidence(options);
    expect(lines.filter((line) => /steps to do|\d texts$/.test(line))).toEqual([]);
    expect(readFileSync(join(pages, 'evidence.md'), 'utf8')).toBe(before);
  });
});
