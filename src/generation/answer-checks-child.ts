/**
 * Entry of the child process of answer-checks.ts: it receives the table of languages, then replies to each answer with
 * its faults, in order. It ends when the channel to its parent closes.
 */
import { EngineError, type ErrorCode } from '../core/errors.js';
import { answerFaults } from './answer-faults.js';
import { type LanguageCheck, languageCheck } from './language-check.js';
import type { LanguageEntry } from './project-types.js';
import type { AnswerFault } from './records.js';

export interface CheckRequest {
  answer: string;
  finish: string;
  language: string;
}

/** Faults of an answer, or the reason why answers cannot be checked. */
export type CheckReply = AnswerFault[] | { code: ErrorCode; message: string };

// Ctrl-C reaches the entire process group; the parent decides what to do.
process.on('SIGINT', () => undefined);

let isLanguage: Promise<LanguageCheck> | undefined;
process.on('message', (message: CheckRequest | [string, LanguageEntry][]) => {
  if (Array.isArray(message)) {
    isLanguage = languageCheck(new Map(message));
    isLanguage.catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
      process.send?.({ code: error.code, message: error.message } satisfies CheckReply);
    });
  } else
    void isLanguage?.then((check) =>
      process.send?.(
        answerFaults(message.answer, message.finish, message.language, check) satisfies CheckReply,
        undefined,
        undefined,
        () => undefined,
      ),
    );
});
