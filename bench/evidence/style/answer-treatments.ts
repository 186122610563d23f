/** Treatments that remove one part of the style of English answers, or their content. */
import { canTranslate, thereAndBack } from './there-and-back.js';
import { firstSentence, firstWords, withoutFormatting } from './treatments.js';
import { contentWords, functionWords, shuffledWords } from './words.js';

const equalLength = (text: string): string => firstWords(withoutFormatting(text));

type Treatment = (
  texts: readonly string[],
  onProgress: (done: number) => void,
) => readonly string[] | Promise<string[]>;

const each =
  (treat: (text: string, row: number) => string): Treatment =>
  (texts) =>
    texts.map(treat);

/** The name of the treatment that changes nothing. */
export const UNTREATED = 'as it is';

/** Returns the treatments by name. Apertium's is missing where Apertium is. */
export function answerTreatments(): Readonly<Record<string, Treatment>> {
  return {
    [UNTREATED]: each((text) => text),
    'no formatting': each(withoutFormatting),
    'lower case': each((text) => text.toLowerCase()),
    'first sentence': each(firstSentence),
    '40 words': each(equalLength),
    ...(canTranslate()
      ? { '40 words, to Spanish and back': (texts, report) => thereAndBack(texts.map(equalLength), report) }
      : {}),
    'content words': each(contentWords),
    'function words': each(functionWords),
    'shuffled words': each(shuffledWords),
  };
}
