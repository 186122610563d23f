/** Finds the phrases that mark the answers of each side. */

import type { QaRecord } from '../records/record.js';
import { NGRAM_DEFAULTS } from '../text/ngrams/ngram-defaults.js';
import { fnv1a, hashNgram, readTokens, type WordToken } from '../text/ngrams/word-tokens.js';
import { logOdds } from './log-odds.js';
import type { PairedAnswers } from './paired-answers.js';
import { countPhrases, type PhraseCounts } from './phrase-counts.js';

/**
 * Phrases in fewer answers than this, both sides together, are left out; with many answers, in a smaller share of them.
 * Most phrases are rare, so this bounds time and memory.
 */
const MIN_ANSWERS = 5;
const MIN_SHARE = 1 / 4000;
/** Size of the prior as a share of all counted phrases. */
const PRIOR_SHARE = 0.1;
/** Phrases with a smaller z score are left out. Hardly any phrase has a larger one between two samples of a model. */
const MIN_Z = 3;
/** Candidates per requested phrase, of which repetitions are left out. */
const CANDIDATES = 12;
/**
 * A phrase repeats another that contains or overlaps it, if the rarer one has this share of the answers of the other;
 * if they share only one word, the larger share.
 */
const SAME_ANSWERS = 1 / 3;
const NEARLY_ALL_ANSWERS = 0.8;
/** Tokens of context on each side of an example. */
const CONTEXT = 8;

/** A phrase that one side uses more than the other. */
export interface MarkingPhrase {
  /** One to three tokens in lower case: words, punctuation and line breaks. */
  phrase: string;
  /** z score of the log-odds ratio, above 0 for the side that the phrase marks. */
  z: number;
  /** Number of answers of side A and of side B that contain it. */
  answers: readonly [number, number];
  /** The first answer of the marked side that contains it. */
  example: {
    qid: string;
    /** Text before the phrase, the phrase as written, and text after it. */
    before: string;
    match: string;
    after: string;
  };
}

export interface PhraseOptions {
  /** Number of phrases per side. */
  phrases: number;
  signal: AbortSignal | undefined;
  /** Receives the number of answers read. */
  onProgress?: ((answers: number) => void) | undefined;
}

/**
 * Finds the phrases that mark each side. Of phrases that contain or overlap each other in about the same answers, only
 * the one with the highest score is kept.
 *
 * @returns the phrases of side A and of side B, best first
 * @throws EngineError `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`
 */
export async function markingPhrases(
  { sides, questions }: PairedAnswers,
  { phrases: wanted, signal, onProgress }: PhraseOptions,
): Promise<readonly [MarkingPhrase[], MarkingPhrase[]]> {
  const recordsOf = (side: 0 | 1): QaRecord[] =>
    questions.flatMap(({ rows }) => rows[side].map((row) => sides[side].records[row]!));
  const records = [recordsOf(0), recordsOf(1)] as const;
  const texts = [records[0].map(({ answer }) => answer), records[1].map(({ answer }) => answer)] as const;
  const minAnswers = Math.max(MIN_ANSWERS, Math.ceil(MIN_SHARE * (texts[0].length + texts[1].length)));
  const counts = await countPhrases(texts, { minAnswers, signal, onProgress });
  const scores = scoresOf(counts, minAnswers);
  const phrasesOf = (side: 0 | 1): MarkingPhrase[] => {
    const sign = side === 0 ? 1 : -1;
    const best = [...scores.keys()]
      .filter((i) => sign * scores[i]! >= MIN_Z)
      .sort((a, b) => sign * (scores[b]! - scores[a]!) || counts.ids[a]! - counts.ids[b]!)
      .slice(0, CANDIDATES * wanted);
    // Of phrases in the same answers, the one with most words says most.
    const located = locate(best, counts, side, texts[side]);
    located.sort((a, b) => sign * (scores[b.index]! - scores[a.index]!) || wordCount(b) - wordCount(a));
    const kept: Located[] = [];
    for (const candidate of located) {
      if (kept.length === wanted) break;
      if (!kept.some((other) => isRepetition(candidate, other))) kept.push(candidate);
    }
    return kept.map(({ index, tokens, at, length, text }) => ({
      phrase: spell(tokens, at, length),
      z: sign * scores[index]!,
      answers: [counts.answers[0][index]!, counts.answers[1][index]!],
      example: { qid: records[side][text]!.qid, ...excerptOf(texts[side][text]!, tokens, at, length) },
    }));
  };
  return [phrasesOf(0), phrasesOf(1)];
}

function scoresOf({ ids, answers, totals }: PhraseCounts, minAnswers: number): Float64Array {
  const prior = PRIOR_SHARE * (totals[0] + totals[1]);
  return Float64Array.from(ids, (_, i) => {
    const counts = [answers[0][i]!, answers[1][i]!] as const;
    return counts[0] + counts[1] < minAnswers ? 0 : logOdds({ counts, totals, prior }).z;
  });
}

/** A phrase, found in the first answer that contains it. */
interface Located {
  /** Position in the counts. */
  index: number;
  /** Number of answers of the marked side. */
  answers: number;
  text: number;
  tokens: readonly WordToken[];
  /** First token of the phrase, and number of tokens. */
  at: number;
  length: number;
}

/** Finds phrases in the texts, because the addon returns their hashes only. */
function locate(
  indices: readonly number[],
  { ids, first, answers }: PhraseCounts,
  side: 0 | 1,
  texts: readonly string[],
): Located[] {
  const { limit, orders } = NGRAM_DEFAULTS.words;
  const inText = new Map<number, number[]>();
  for (const index of indices) {
    const text = first[side][index]!;
    const wanted = inText.get(text);
    if (wanted) wanted.push(index);
    else inText.set(text, [index]);
  }
  const found = new Map<number, Located>();
  for (const [text, wanted] of inText) {
    const indexOf = new Map(wanted.map((index) => [ids[index]!, index]));
    const tokens = readTokens(texts[text]!, limit);
    const hashes = tokens.map(({ lower }) => fnv1a(lower));
    for (let at = 0; at < tokens.length; at++) {
      for (let length = 1; length <= orders && at + length <= tokens.length; length++) {
        const index = indexOf.get(Number(hashNgram(0n, hashes.slice(at, at + length)) >> 32n));
        if (index === undefined || found.has(index)) continue;
        found.set(index, { index, answers: answers[side][index]!, text, tokens, at, length });
      }
    }
  }
  return indices.flatMap((index) => found.get(index) ?? []);
}

/**
 * Whether two phrases contain or overlap each other, and occur in about the same answers. An overlap of a single token
 * must be a word, and the numbers of answers closer.
 */
function isRepetition(a: Located, b: Located): boolean {
  const ratio = Math.min(a.answers, b.answers) / Math.max(a.answers, b.answers);
  if (ratio < SAME_ANSWERS) return false;
  const [short, long] = a.length < b.length ? [tokensOf(a), tokensOf(b)] : [tokensOf(b), tokensOf(a)];
  for (let shift = 1 - short.length; shift < long.length; shift++) {
    const shared = long.slice(Math.max(0, shift), shift + short.length);
    if (!shared.every((word, i) => word === short[i + Math.max(0, -shift)])) continue;
    if (shared.length === short.length || shared.length > 1) return true;
    if (ratio >= NEARLY_ALL_ANSWERS && isWord(shared[0]!)) return true;
  }
  return false;
}

function isWord(token: string): boolean {
  return /[\p{L}\p{N}]/u.test(token);
}

function wordCount(phrase: Located): number {
  return tokensOf(phrase).filter(isWord).length;
}

function tokensOf({ tokens, at, length }: Located): string[] {
  return tokens.slice(at, at + length).map(({ lower }) => lower);
}

function spell(tokens: readonly WordToken[], at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length; i++) {
    const isApart = i > at && tokens[i]!.begin > tokens[i - 1]!.end;
    text += (isApart ? ' ' : '') + tokens[i]!.lower;
  }
  return text;
}

function excerptOf(
  text: string,
  tokens: readonly WordToken[],
  at: number,
  length: number,
): { before: string; match: string; after: string } {
  const from = Math.max(0, at - CONTEXT);
  const to = Math.min(tokens.length, at + length + CONTEXT);
  const { begin } = tokens[at]!;
  const { end } = tokens[at + length - 1]!;
  return {
    before: (from > 0 ? '…' : '') + text.slice(tokens[from]!.begin, begin),
    match: text.slice(begin, end),
    after: text.slice(end, tokens[to - 1]!.end) + (tokens[to - 1]!.end < text.length ? '…' : ''),
  };
}
