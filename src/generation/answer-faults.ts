/** Detects faults of answers. */
import type { LanguageCheck } from './language-check.js';
import type { AnswerFault } from './records.js';

const CANNOT = String.raw`\b(?:can['’]?t|cannot|can not|unable|not able|won['’]?t)\b`;
const REFUSALS = [
  String.raw`(?:i['’]?m|i am)\s+(?:really\s+|very\s+|so\s+)?sorry\b.{0,80}${CANNOT}`,
  String.raw`(?:sorry|apologies|my apologies|unfortunately)\b.{0,60}\b(?:i|we)\b.{0,20}${CANNOT}`,
  String.raw`i\s+(?:can['’]?t|cannot|can not|won['’]?t|am unable to|am not able to|['’]m unable to|must decline` +
    String.raw`|have to decline|refuse to)\s*(?:assist|help|answer|provide|discuss|respond|fulfil|fulfill|comply` +
    String.raw`|engage|offer|give|create|generate|write|support|do that|to)?\b`,
  String.raw`as an?\s+(?:ai|artificial|large\s+language|language)\b.{0,120}\b(?:can['’]?t|cannot|can not|unable` +
    String.raw`|not able|don['’]?t have|do not have|no personal|not appropriate)\b`,
];
/** Matches English only. Answers in other languages are checked after their translation. */
const REFUSAL = new RegExp(String.raw`^(?:["'“\s]*)(?:${REFUSALS.join('|')})`, 'isu');

/** True for an English text that begins by declining. */
export function isRefusal(text: string): boolean {
  return REFUSAL.test(text.slice(0, 400).trimStart());
}

/** Returns the faults of an answer that can be found without a translation, the worst first. */
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

/** Length in characters of the pieces whose repetitions are counted. */
const PIECE = 40;
const MAX_REPEATED_SHARE = 0.5;

/** True if more than half of a text repeats earlier parts: the model went round in circles. Short texts never count. */
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
