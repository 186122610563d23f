import { EngineError } from '../core/errors.js';
import { DatasetLanguages, suggestLanguage } from '../core/languages.js';
import type { QaRecord } from './record.js';

/** Control characters, and the separators of lines and paragraphs. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const SHOWN = 40;
/** The languages of new datasets. */
const NEW_LANGUAGES = new DatasetLanguages();

/** Whether a text consists of white space. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

/**
 * Returns what is wrong with a field of a new record, as the end of a sentence about it; undefined if nothing is. The
 * same rules hold for files and for requests. Records that older versions wrote are read without these checks.
 *
 * A language contains no `$`, so that value ids are unambiguous: the last `$` of `model$lang` separates the two.
 *
 * @param languages of the dataset that gets the record @default those of a new one
 */
export function fieldProblem(field: keyof QaRecord, text: string, languages?: DatasetLanguages): string | undefined {
  return isBlank(text) ? 'is empty' : contentProblem(field, text, languages);
}

/** Does the same for a text that is not blank. */
export function contentProblem(field: keyof QaRecord, text: string, languages = NEW_LANGUAGES): string | undefined {
  if (!text.isWellFormed()) return 'contains half of a surrogate pair';
  if (field === 'question' || field === 'answer') return undefined;
  const control = CONTROL.exec(text)?.[0];
  if (control !== undefined)
    return `contains the control character U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return field === 'lang' && languages.spell(text) === undefined ? languageProblem(text.slice(0, SHOWN)) : undefined;
}

function languageProblem(text: string): string {
  const likely = suggestLanguage(text);
  const advice =
    likely === undefined ? 'a code of your own begins with x-, for example x-pirate' : `did you mean ${likely}?`;
  return `is ${JSON.stringify(text)}, not a language such as eng; ${advice}`;
}

/**
 * Rejects fields of new records that cannot be stored.
 *
 * @param name of the record, for the message
 * @throws EngineError `ERR_ARG_RANGE` naming the field
 */
export function expectFields(fields: Partial<QaRecord>, name: string, languages?: DatasetLanguages): void {
  for (const [field, text] of Object.entries(fields) as [keyof QaRecord, string | undefined][]) {
    const problem = text === undefined ? undefined : fieldProblem(field, text, languages);
    if (problem !== undefined) throw new EngineError('ERR_ARG_RANGE', `${name}.${field} ${problem}`);
  }
}
