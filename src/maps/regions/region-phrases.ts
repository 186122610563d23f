/** Phrases that say what the answers of a region are about: class-based TF-IDF (Grootendorst 2022, BERTopic). */
import { readTokens } from '../../text/ngrams/word-tokens.js';

/** Tokens of a text that are read. */
const TOKENS = 100;
/** A phrase must occur in so many texts of a region, and in this share of them. */
const MIN_TEXTS = 3;
const MIN_SHARE = 0.1;
/** A word must be so many times as frequent in the region as in all regions. */
const MIN_LIFT = 1.6;
/**
 * A word that is in this share of the texts of so many regions says nothing about any of them. These are the function
 * words of each language, so that no lists of them are needed.
 */
const COMMON_SHARE = 0.3;
const COMMON_REGIONS = 0.08;
const LEAST_COMMON_REGIONS = 4;
const SHORTEST = 3;
/** Pairs of words are better labels than words. */
const PAIR_BONUS = 1.5;

/**
 * @param regions texts of each region
 * @param wanted phrases per region
 * @returns phrases of each region, best first
 */
export function regionPhrases(regions: readonly (readonly string[])[], wanted: number): string[][] {
  const counts = regions.map(countPhrases);
  const totals = new Map<string, number>();
  const commonIn = new Map<string, number>();
  counts.forEach((own, region) => {
    const common = COMMON_SHARE * regions[region]!.length;
    for (const [phrase, count] of own) {
      totals.set(phrase, (totals.get(phrase) ?? 0) + count);
      if (count >= common) commonIn.set(phrase, (commonIn.get(phrase) ?? 0) + 1);
    }
  });
  const texts = regions.reduce((sum, own) => sum + own.length, 0);
  const average = texts / Math.max(1, regions.length);
  const mostRegions = Math.max(LEAST_COMMON_REGIONS, COMMON_REGIONS * regions.length);
  return counts.map((own, region) => {
    const size = regions[region]!.length;
    const isMark = (word: string): boolean => {
      const count = own.get(word) ?? 0;
      const isFrequent = regions.length === 1 || count / size >= (MIN_LIFT * totals.get(word)!) / texts;
      return isFrequent && (commonIn.get(word) ?? 0) < mostRegions;
    };
    const scored: { phrase: string; score: number }[] = [];
    for (const [phrase, count] of own) {
      if (count < Math.max(MIN_TEXTS, MIN_SHARE * size)) continue;
      const words = phrase.split(' ');
      if (!words.every(isMark)) continue;
      const score = (count / size) * Math.log(1 + average / totals.get(phrase)!);
      scored.push({ phrase, score: words.length > 1 ? PAIR_BONUS * score : score });
    }
    scored.sort((a, b) => b.score - a.score || (a.phrase < b.phrase ? -1 : 1));
    return distinct(
      scored.map(({ phrase }) => phrase),
      wanted,
    );
  });
}

/** Leaves out phrases that share a word with a better one. */
function distinct(phrases: readonly string[], wanted: number): string[] {
  const kept: string[] = [];
  const words = new Set<string>();
  for (const phrase of phrases) {
    if (kept.length === wanted) break;
    const own = phrase.split(' ');
    if (own.some((word) => words.has(word) || words.has(`${word}s`) || words.has(word.replace(/s$/, '')))) continue;
    kept.push(phrase);
    for (const word of own) words.add(word);
  }
  return kept;
}

/** Counts the texts that contain each word and each pair of words, of those that occur in several. */
function countPhrases(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const found = new Set<string>();
    let before: { word: string; end: number } | undefined;
    for (const { lower, begin, end, isWord } of readTokens(text, TOKENS)) {
      const isSingle = !isWord && /^\p{L}/u.test(lower); // a character of a script without spaces
      const isContent = (isWord && lower.length >= SHORTEST && !/^\p{N}+$/u.test(lower)) || isSingle;
      if (isContent && !isSingle) found.add(lower);
      if (isContent && before && begin - before.end <= 1)
        found.add(isSingle && begin === before.end ? before.word + lower : `${before.word} ${lower}`);
      before = isContent ? { word: lower, end } : undefined;
    }
    for (const phrase of found) counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
  }
  // Most phrases occur once. Without them, the counts of hundreds of regions fit in memory.
  for (const [phrase, count] of counts) if (count === 1) counts.delete(phrase);
  return counts;
}
