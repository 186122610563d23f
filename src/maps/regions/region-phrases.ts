/**
 * Phrases that say what the texts of a region are about: class-based TF-IDF (Grootendorst 2022, BERTopic), where the
 * classes are regions, and words are compared with texts of their own languages.
 */
import { BREAK, type RegionTexts, type TextWords, WordCounts } from './region-texts.js';

/** A phrase must occur in so many texts of a region, and in this share of them. */
const MIN_TEXTS = 3;
const MIN_SHARE = 0.1;
/**
 * A word that so many texts of a language contain says nothing about any region. These are the function words of each
 * language, so that no lists of them are needed. A phrase can have them inside, but not at its ends.
 */
const COMMON_SHARE = 0.1;
/** So is a word that so many texts of another language contain, if there are enough of them. */
const COMMON_ELSEWHERE = 0.3;
const LEAST_ELSEWHERE = 100;
/** Texts of a language outside of a region that it is compared with. With fewer, nothing in the region stands out. */
const LEAST_OUTSIDE = 20;
/** The words at the ends must be so many times as frequent in the region as in its languages. */
const MIN_LIFT = 1.6;
/** A lone word needs more. Otherwise no label is better. */
const MIN_LIFT_ALONE = 5;
const MIN_SHARE_ALONE = 0.25;
/** Letters of a word at an end, and of a lone one. In scripts without spaces, two are enough. */
const SHORTEST = 3;
const SHORTEST_ALONE = 4;
const LONGEST_PHRASE = 6;
const MOST_LETTERS = 36;
/** Longer phrases are better labels, by number of words. */
const LENGTH_FACTOR = [0, 0.5, 1, 1.15, 1.2, 1.2, 1.2];
/** A phrase that nearly always is part of a longer one is left out. */
const NESTED_SHARE = 0.7;
/**
 * A phrase that nearly always is followed by the same word, or is after the same word that says something, begins or
 * ends in the middle of what the texts say. It is a label only where no other one is as good.
 */
const CUT_FACTOR = 0.35;

export interface ScoredPhrase {
  text: string;
  /** Its words that say something, by number. */
  content: number[];
  isLone: boolean;
  score: number;
}

interface Phrase {
  text: string;
  words: readonly number[];
  texts: number;
  /** How many of the texts have a word before it and after it, by number; {@link BREAK} for none. */
  before: Map<number, number>;
  after: Map<number, number>;
}

/**
 * Finds the phrases that mark a region.
 *
 * @param texts texts of the region, from `all`
 */
export function scorePhrases(texts: readonly TextWords[], all: RegionTexts): ScoredPhrase[] {
  const least = Math.max(MIN_TEXTS, MIN_SHARE * texts.length);
  const lifts = contentLifts(texts, all, least);
  const isLong = (word: number): boolean =>
    all.spellings[word]!.length >= SHORTEST_ALONE || /^\p{Lo}{2}/u.test(all.spellings[word]!);
  return longest(countPhrases(texts, lifts, all, least)).flatMap((phrase) => {
    const { text, words, texts: count } = phrase;
    const lift = Math.sqrt(lifts.get(words[0]!)! * lifts.get(words.at(-1)!)!);
    const isMarked = lift >= MIN_LIFT_ALONE && count >= MIN_SHARE_ALONE * texts.length;
    if (words.length === 1 && !(isMarked && isLong(words[0]!))) return [];
    const before = fixedWord(phrase.before, count);
    const isCut = fixedWord(phrase.after, count) !== BREAK || (before !== BREAK && lifts.has(before));
    const score = (isCut ? CUT_FACTOR : 1) * LENGTH_FACTOR[words.length]! * (count / texts.length) * Math.log(1 + lift);
    return [{ text, content: words.filter((word) => lifts.has(word)), isLone: words.length === 1, score }];
  });
}

/**
 * Chooses the best phrases of each region. Those that mark many regions count less, two phrases of a region share no
 * word, and a lone word comes only where there is no longer phrase.
 *
 * @param regions phrases of the regions of a level
 */
export function choosePhrases(regions: readonly (readonly ScoredPhrase[])[], wanted: number): string[][] {
  const marked = new Map<string, number>();
  for (const { text } of regions.flat()) marked.set(text, (marked.get(text) ?? 0) + 1);
  const rarity = (text: string): number => Math.log(1 + regions.length / marked.get(text)!);
  return regions.map((phrases) => {
    const scored = phrases.map((phrase) => ({ ...phrase, score: phrase.score * rarity(phrase.text) }));
    scored.sort((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1));
    const kept: string[] = [];
    const used = new Set<number>();
    const hasLonger = phrases.some(({ isLone }) => !isLone);
    for (const { text, content, isLone } of scored) {
      if (kept.length === wanted) break;
      if (content.some((word) => used.has(word)) || (isLone && hasLonger)) continue;
      kept.push(text);
      for (const word of content) used.add(word);
    }
    return kept;
  });
}

/** For every word that can be at the end of a phrase, how many times as frequent it is as in texts of its languages. */
function contentLifts(texts: readonly TextWords[], all: RegionTexts, least: number): Map<number, number> {
  const own = new WordCounts();
  for (const text of texts) own.add(text);
  const withWord = new Map<number, number>();
  for (const { words } of own.languages.values())
    for (const [word, count] of words) withWord.set(word, (withWord.get(word) ?? 0) + count);
  const lifts = new Map<number, number>();
  for (const [word, count] of withWord) {
    const spelling = all.spellings[word]!;
    if (count < least || /^\p{N}+$/u.test(spelling)) continue;
    if (spelling.length < SHORTEST && !/^\p{Lo}{2}/u.test(spelling)) continue;
    const stem = all.stemOf(word); // "here's" says as little as "here"
    const usual = Math.max(usualShare(word, own, all), stem === undefined ? 0 : usualShare(stem, own, all));
    const lift = count / texts.length / usual;
    if (usual < COMMON_SHARE && lift >= MIN_LIFT && !isCommonElsewhere(word, own, all)) lifts.set(word, lift);
  }
  return lifts;
}

/** Share of the texts outside of a region that contain a word, if these were in the languages of the region. */
function usualShare(word: number, own: WordCounts, { counts }: RegionTexts): number {
  let share = 0;
  for (const [lang, { texts, words }] of own.languages) {
    const all = counts.languages.get(lang)!;
    const isWhole = all.texts - texts < LEAST_OUTSIDE; // then nothing stands out
    const outside = isWhole ? all.texts : all.texts - texts;
    const withWord = (all.words.get(word) ?? 0) - (isWhole ? 0 : (words.get(word) ?? 0));
    share += (texts / own.texts) * ((withWord + 0.5) / (outside + 1));
  }
  return share;
}

/** Whether a language that is not in the region has this word in very many of its texts. */
function isCommonElsewhere(word: number, own: WordCounts, { counts }: RegionTexts): boolean {
  for (const [lang, { texts, words }] of counts.languages)
    if (!own.languages.has(lang) && texts >= LEAST_ELSEWHERE && (words.get(word) ?? 0) >= COMMON_ELSEWHERE * texts)
      return true;
  return false;
}

/** Counts the texts with each phrase that begins and ends with one of some words. */
function countPhrases(
  texts: readonly TextWords[],
  ends: ReadonlyMap<number, number>,
  { spellings }: RegionTexts,
  least: number,
): Phrase[] {
  const phrases = new Map<string, Phrase & { last: number }>();
  const addNeighbours = ({ before, after }: Phrase, words: Int32Array, begin: number, at: number): void => {
    // A text begins with a break.
    const [left, right] = [words[begin - 1]!, words[at + 1] ?? BREAK];
    before.set(left, (before.get(left) ?? 0) + 1);
    after.set(right, (after.get(right) ?? 0) + 1);
  };
  for (const [number, { words, joined }] of texts.entries()) {
    for (let begin = 0; begin < words.length; begin++) {
      if (!ends.has(words[begin]!)) continue;
      let text = '';
      for (let at = begin; at < begin + LONGEST_PHRASE && at < words.length && words[at] !== BREAK; at++) {
        text += at === begin || joined?.has(at) ? spellings[words[at]!]! : ` ${spellings[words[at]!]!}`;
        if (text.length > MOST_LETTERS && at > begin) break;
        if (!ends.has(words[at]!)) continue;
        let phrase = phrases.get(text);
        if (phrase?.last === number) continue;
        if (!phrase) {
          const own = [...words.subarray(begin, at + 1)];
          phrases.set(text, (phrase = { text, words: own, texts: 0, last: -1, before: new Map(), after: new Map() }));
        }
        phrase.texts++;
        phrase.last = number;
        addNeighbours(phrase, words, begin, at);
      }
    }
  }
  return [...phrases.values()].filter(({ texts: count }) => count >= least);
}

/** The word that nearly all of some texts have beside a phrase, or {@link BREAK}. */
function fixedWord(neighbours: ReadonlyMap<number, number>, texts: number): number {
  for (const [word, count] of neighbours) if (count >= NESTED_SHARE * texts) return word;
  return BREAK;
}

/** Leaves out phrases that are hardly ever found without a longer one around them. */
function longest(phrases: readonly Phrase[]): Phrase[] {
  return phrases.filter(
    (phrase) =>
      !phrases.some(
        (other) =>
          other.words.length > phrase.words.length &&
          other.texts >= NESTED_SHARE * phrase.texts &&
          contains(other.words, phrase.words),
      ),
  );
}

function contains(words: readonly number[], part: readonly number[]): boolean {
  return words.some((_, at) => part.every((word, i) => words[at + i] === word));
}
