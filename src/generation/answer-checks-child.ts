/**
 * Entry of the child process of answer-checks.ts: gets the table of languages, then replies to each answer with its
 * faults, in order. It ends by itself when the channel to its parent closes.
 */
import { answerFaults } from './answer-faults.js';
import { type LanguageCheck, languageCheck } from './language-check.js';
import type { LanguageEntry } from './project-schema.js';
import type { AnswerFault } from './records.js';

export interface CheckRequest {
  answer: string;
  finish: string;
  language: string;
}

export type CheckReply = AnswerFault[];

// Ctrl-C reaches the whole process group; what it means is for the parent to decide.
process.on('SIGINT', () => undefined);

let isLanguage: Promise<LanguageCheck> | undefined;
process.on('message', (message: CheckRequest | [string, LanguageEntry][]) => {
  if (Array.isArray(message)) isLanguage = languageCheck(new Map(message));
  else
    void isLanguage?.then((check) =>
      process.send?.(
        answerFaults(message.answer, message.finish, message.language, check) satisfies CheckReply,
        undefined,
        undefined,
        () => undefined,
      ),
    );
});
