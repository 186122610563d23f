import { EngineError } from '../core/errors.js';
import type { QaRecord } from './record.js';

/** A code such as `eng`, `zh-Hans` or `zho_Hans`, or the name of a language. */
const LANGUAGE = /^[\p{L}\p{M}\p{N}]+(?:[-_ ][\p{L}\p{M}\p{N}]+)*$/u;
/** What most languages look like, which is faster to test. */
const CODE = /^[a-z]{2,3}$/;
/** Control characters, and the separators of lines and paragraphs. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const SHOWN = 40;

/** Whether a text consists of white space. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}

/**
 * Returns what is wrong with a field of a new record, as the end of a sentence about it; undefined if nothing is. The
 * same rules hold for files and for requests. Records that older versions wrote are read without these checks.
 *
 * A language contains no `$`, so that value ids are unambiguous: the last `$` of `model$lang` separates the two.
 */
export function fieldProblem(field: keyof QaRecord, text: string): string | undefined {
  return isBlank(text) ? 'is empty' : contentProblem(field, text);
}

/** Does the same for a text that is not blank. */
export function contentProblem(field: keyof QaRecord, text: string): string | undefined {
  if (!text.isWellFormed()) return 'contains half of a surrogate pair';
  if (field === 'question' || field === 'answer') return undefined;
  const control = CONTROL.exec(text)?.[0];
  if (control !== undefined)
    return `contains the control character U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (field === 'lang' && !CODE.test(text) && !LANGUAGE.test(text))
    return `is ${JSON.stringify(text.slice(0, SHOWN))}, not a language such as eng or zh-Hans`;
  return undefined;
}

/**
 * Rejects fields of new records that cannot be stored.
 *
 * @param name of the record, for the message
 * @throws EngineError `ERR_ARG_RANGE` naming the field
 */
export function expectFields(fields: Partial<QaRecord>, name: string): void {
  for (const [field, text] of Object.entries(fields) as [keyof QaRecord, string | undefined][]) {
    const problem = text === undefined ? undefined : fieldProblem(field, text);
    if (problem !== undefined) throw new EngineError('ERR_ARG_RANGE', `${name}.${field} ${problem}`);
  }
}
