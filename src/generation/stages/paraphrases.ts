import { chatCall } from '../call.js';
import { parseList } from '../parse-completion.js';
import type { Project } from '../project.js';
import { fillPrompt } from '../prompts.js';
import { contentId, type PhrasingRecord, type QuestionRecord, type Reject } from '../records.js';
import { questionFault } from './filter.js';
import { type CallStage, isFailure } from './stage.js';

/** Adds `perQuestion` paraphrases to each question. */
export function paraphraseStage({
  generator,
  prompts,
  seed,
  paraphrases,
  filter,
}: Project): CallStage<QuestionRecord, PhrasingRecord> {
  const { perQuestion } = paraphrases;
  return {
    name: 'paraphrases',
    version: 1,
    lanes: perQuestion === 0 ? [] : [generator.id],
    settings: { paraphrases, filter: { minWords: filter.minWords, maxWords: filter.maxWords } },
    calls: ({ question }) =>
      perQuestion === 0
        ? []
        : [
            chatCall('paraphrases', generator, fillPrompt(prompts.paraphrases, { question, count: perQuestion }), {
              ...paraphrases,
              seed,
            }),
          ],
    records: ({ id: group, valueId, value, question: original }, [outcome]) => {
      const wordings = [original];
      const rejects: Reject[] = [];
      if (isFailure(outcome)) rejects.push({ id: group, reason: 'call failed', text: outcome.failure });
      else if (outcome) {
        const found = parseList(outcome.text);
        for (const wording of (outcome.finish === 'length' ? found.slice(0, -1) : found).slice(0, perQuestion)) {
          const fault = wordings.some((other) => sameWords(other, wording))
            ? 'repeated'
            : questionFault(wording, filter);
          if (fault === undefined) wordings.push(wording);
          else rejects.push({ id: group, reason: fault, text: wording });
        }
        const missing = perQuestion - (wordings.length - 1);
        if (missing > 0)
          rejects.push({
            id: group,
            reason: 'list too short',
            text: `${wordings.length - 1} of ${perQuestion} usable`,
          });
      }
      const records = wordings.map((question, variant) => ({
        id: variant === 0 ? group : contentId('p', group, question),
        group,
        valueId,
        value,
        variant,
        question,
      }));
      return { records, rejects };
    },
  };
}

function sameWords(a: string, b: string): boolean {
  const words = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  return words(a) === words(b);
}
