/** Texts of a map as numbered words, and how usual each word is in its language. */
import { readTokens } from '../../text/ngrams/word-tokens.js';

/** UTF-16 units and tokens of a question, and of an answer, that are read. */
const CHARACTERS = 600;
const TOKENS = 80;
/** Stands between words that do not follow each other: no phrase contains it. */
export const BREAK = -1;
/** Scripts without spaces between words, which the segmenter of the JavaScript engine divides. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
/** What follows the apostrophe in "don't", "it's" and "we'll". */
const LONGEST_SUFFIX = 2;

export interface RegionText {
  question: string;
  answer: string;
  lang: string;
}

/** A text: numbers of its words in order, with {@link BREAK} between phrases. */
export interface TextWords {
  lang: string;
  words: Int32Array;
  /** Positions of words that follow the one before without a space. Undefined if there are none. */
  joined: ReadonlySet<number> | undefined;
}

interface Token {
  lower: string;
  begin: number;
  end: number;
  isWord: boolean;
}

/** Texts by language, and how many of them contain a word, by its number. */
export class WordCounts {
  texts = 0;
  readonly languages = new Map<string, { texts: number; words: Map<number, number> }>();

  add({ lang, words }: TextWords): void {
    this.texts++;
    const own = this.languages.get(lang) ?? { texts: 0, words: new Map<number, number>() };
    this.languages.set(lang, own);
    own.texts++;
    for (const word of new Set(words)) if (word !== BREAK) own.words.set(word, (own.words.get(word) ?? 0) + 1);
  }
}

export class RegionTexts {
  readonly counts = new WordCounts();
  readonly spellings: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

  add({ question, answer, lang }: RegionText): TextWords {
    const words: number[] = [];
    const joined = new Set<number>();
    for (const text of [question, answer]) {
      words.push(BREAK);
      this.#read(text, words, joined);
    }
    const text = { lang, words: Int32Array.from(words), joined: joined.size > 0 ? joined : undefined };
    this.counts.add(text);
    return text;
  }

  /** For a word with an apostrophe, the number of what is before it, if that is a word of the texts too. */
  stemOf(word: number): number | undefined {
    const [stem, suffix] = this.spellings[word]!.split("'");
    return suffix === undefined ? undefined : this.#numbers.get(stem!);
  }

  #read(text: string, words: number[], joined: Set<number>): void {
    const cut = text.slice(0, CHARACTERS);
    let before: Token | undefined;
    for (const token of UNSPACED.test(cut) ? this.#segment(cut) : readTokens(cut, TOKENS)) {
      if (!token.isWord || token.end === CHARACTERS) continue; // the last word may be cut
      const gap = cut.slice(before?.end, token.begin);
      if (before && /^['’]$/.test(gap) && token.lower.length <= LONGEST_SUFFIX) {
        before = { ...before, lower: `${before.lower}'${token.lower}`, end: token.end };
        words[words.length - 1] = this.#numberOf(before.lower);
        continue;
      }
      if (before && gap === '') joined.add(words.length);
      else if (gap !== ' ') words.push(BREAK);
      words.push(this.#numberOf(token.lower));
      before = token;
    }
  }

  *#segment(text: string): Generator<Token> {
    let count = 0;
    for (const { segment, index, isWordLike } of this.#segmenter.segment(text)) {
      if (count++ === TOKENS) return;
      yield { lower: segment.toLowerCase(), begin: index, end: index + segment.length, isWord: isWordLike === true };
    }
  }

  #numberOf(word: string): number {
    let number = this.#numbers.get(word);
    if (number === undefined) {
      this.#numbers.set(word, (number = this.spellings.length));
      this.spellings.push(word);
    }
    return number;
  }
}
