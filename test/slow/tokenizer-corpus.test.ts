/**
 * Compares token ids on real text in all languages with the Rust implementation: every 25th row of every file by
 * default, all rows with FULL_CORPUS=1 (several minutes).
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { WordPieceTokenizer } from '../../src/text/tokenizers/wordpiece.js';
import { BERT_FILE, findDifferences, PeerTokenizer } from '../support/peer-tokenizer.js';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const STEP = process.env['FULL_CORPUS'] === '1' ? 1 : 25;
const TIMEOUT_MS = 600_000;

const files = existsSync(DATA)
  ? ['qa', 'questions', 'translationese'].flatMap((folder) =>
      readdirSync(DATA + folder).map((name) => `${folder}/${name}`),
    )
  : [];

/** Returns all strings of every STEP-th row. */
async function* readTexts(file: string): AsyncGenerator<string[]> {
  const stream = createReadStream(DATA + file);
  const lines = createInterface({
    input: file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream,
    crlfDelay: Infinity,
  });
  let row = 0;
  let texts: string[] = [];
  for await (const line of lines) {
    if (row++ % STEP !== 0) continue;
    for (const value of Object.values(JSON.parse(line) as Record<string, unknown>))
      if (typeof value === 'string') texts.push(value);
    if (texts.length >= 4096) {
      yield texts;
      texts = [];
    }
  }
  yield texts;
}

describe.skipIf(files.length === 0)('the corpus of ../shared/data (skipped where it is absent)', () => {
  const ours = WordPieceTokenizer.fromFile(BERT_FILE);
  const peer = new PeerTokenizer(readFileSync(BERT_FILE, 'utf8'));

  it.each(files)('gives the ids of the Rust implementation: %s', { timeout: TIMEOUT_MS }, async (file) => {
    let compared = 0;
    for await (const texts of readTexts(file)) {
      expect(await findDifferences(ours, peer, texts)).toEqual([]);
      compared += texts.length;
    }
    expect(compared).toBeGreaterThan(0);
  });
});
