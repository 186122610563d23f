/**
 * WordPiece against npm `tokenizers` (Rust) on real answers: English, and all languages together. Every case runs in a
 * child process of its own, because both sides read their thread count once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { Tokenizer as RustTokenizer } from 'tokenizers';

import { usableCpuCount } from '../../src/core/cpu-count.js';
import { WordPieceTokenizer } from '../../src/tokenizer/wordpiece.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const TOKENIZER = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2-int8/tokenizer.json', import.meta.url));
const CORPUS = fileURLToPath(new URL('../../../shared/data/qa/', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../test/fixtures/tokenizer/answers.jsonl', import.meta.url));
/** UTF-8 bytes per run: two seconds of the peer on one thread. */
const BYTES = 5e6;
/** Texts per call of the peer, which holds all details of a call's encodings; larger batches make it slower. */
const PEER_BATCH = 256;

interface Answer {
  lang: string;
  answer: string;
}

function readAnswers(): Answer[] {
  const files = existsSync(CORPUS) ? readdirSync(CORPUS).map((name) => CORPUS + name) : [SAMPLE];
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text.trimEnd().split('\n').map((line) => JSON.parse(line) as Answer);
  });
}

/** Answers spread over the whole corpus, repeated if there are too few. */
function takeTexts(answers: Answer[]): { texts: string[]; bytes: number } {
  const total = answers.reduce((sum, { answer }) => sum + Buffer.byteLength(answer), 0);
  const step = Math.max(1, Math.floor(total / BYTES));
  const texts: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < BYTES; i += step) {
    const { answer } = answers[i % answers.length]!;
    texts.push(answer);
    bytes += Buffer.byteLength(answer);
  }
  return { texts, bytes };
}

async function runCase(corpus: string, threads: number): Promise<ComparisonResult> {
  const answers = readAnswers();
  const { texts, bytes } = takeTexts(corpus === 'english' ? answers.filter(({ lang }) => lang === 'eng') : answers);
  const ours = WordPieceTokenizer.fromFile(TOKENIZER);
  const peer = RustTokenizer.fromFile(TOKENIZER);
  peer.disablePadding();
  peer.disableTruncation();
  const runPeer = async (): Promise<Int32Array> => {
    const ids: number[][] = [];
    for (let i = 0; i < texts.length; i += PEER_BATCH) {
      for (const encoding of await peer.encodeBatch(texts.slice(i, i + PEER_BATCH))) ids.push(encoding.getIds());
    }
    return Int32Array.from(ids.flat());
  };
  const { ids } = await ours.encode(texts);
  const expected = await runPeer();
  if (Buffer.compare(Buffer.from(ids.buffer), Buffer.from(expected.buffer)) !== 0) throw new Error('The ids differ');
  return compare({
    name: `tokenizer/${corpus}`,
    sizes: { texts: texts.length, tokens: ids.length, threads },
    subject: { name: 'univar', run: () => ours.encode(texts) },
    peer: { name: 'npm tokenizers', run: runPeer },
    work: { unit: 'MB', subject: bytes / 1e6, peer: bytes / 1e6 },
    target: 20,
    rounds: 5,
  });
}

const [corpus, threads] = process.argv.slice(2);
if (corpus !== undefined) {
  console.log(JSON.stringify(await runCase(corpus, Number(threads))));
} else {
  const results: ComparisonResult[] = [];
  for (const count of new Set([1, usableCpuCount()])) {
    for (const name of ['english', 'all-languages']) {
      const env = { ...process.env, UNIVAR_THREADS: String(count), RAYON_NUM_THREADS: String(count), TOKENIZERS_PARALLELISM: count > 1 ? 'true' : 'false' };
      const output = execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), name, String(count)], { env, encoding: 'utf8' });
      results.push(JSON.parse(output) as ComparisonResult);
    }
  }
  report('tokenizer', results);
}
