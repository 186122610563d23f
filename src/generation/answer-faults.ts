/** What can be wrong with an answer. */
import type { LanguageCheck } from './language-check.js';
import type { AnswerFault } from './records.js';

/** Of English texts; answers in other languages are looked at after their translation. */
const REFUSAL =
  /^(?:["'“\s]*)(?:(?:i['’]?m|i am)\s+(?:really\s+|very\s+|so\s+)?sorry\b.{0,80}\b(?:can['’]?t|cannot|can not|unable|not able|won['’]?t)\b|(?:sorry|apologies|my apologies|unfortunately)\b.{0,60}\b(?:i|we)\b.{0,20}\b(?:can['’]?t|cannot|can not|unable|not able|won['’]?t)\b|i\s+(?:can['’]?t|cannot|can not|won['’]?t|am unable to|am not able to|['’]m unable to|must decline|have to decline|refuse to)\s*(?:assist|help|answer|provide|discuss|respond|fulfil|fulfill|comply|engage|offer|give|create|generate|write|support|do that|to)?\b|as an?\s+(?:ai|artificial|large\s+language|language)\b.{0,120}\b(?:can['’]?t|cannot|can not|unable|not able|don['’]?t have|do not have|no personal|not appropriate)\b)/isu;

/** True for an English text that begins by declining. */
export function isRefusal(text: string): boolean {
  return REFUSAL.test(text.slice(0, 400).trimStart());
}

/** The faults of an answer that can be told without a translation, the worst first. */
export function answerFaults(
  answer: string,
  finish: string,
  language: string,
  isLanguage: LanguageCheck,
): AnswerFault[] {
  if (!/[\p{L}\p{N}]/u.test(answer)) return ['empty'];
  const faults: AnswerFault[] = [];
  if (!isLanguage(answer, language)) faults.push('wrong-language');
  if (isRepetitive(answer)) faults.push('repetitive');
  if (finish === 'length') faults.push('truncated');
  if (finish === 'content_filter') faults.push('refusal');
  return faults;
}

/** Characters of a piece whose repetitions are counted. */
const PIECE = 40;
const MAX_REPEATED_SHARE = 0.5;

/**
 * True where more than half of a text of some length repeats what stands before: a model that went round in circles.
 */
export function isRepetitive(text: string): boolean {
  if (text.length < 6 * PIECE) return false;
  const seen = new Set<string>();
  let repeated = 0;
  let pieces = 0;
  for (let at = 0; at + PIECE <= text.length; at++) {
    const piece = text.slice(at, at + PIECE);
    if (seen.has(piece)) repeated++;
    seen.add(piece);
    pieces++;
  }
  return repeated > MAX_REPEATED_SHARE * pieces;
}
