import { chatCall } from '../call.js';
import { parseSingle } from '../parse-completion.js';
import type { Project } from '../project.js';
import { fillPrompt } from '../prompts.js';
import { contentId, type QuestionRecord, type ScenarioRecord } from '../records.js';
import { type CallStage, isFailure } from './stage.js';

/** Turns each situation into one question: should the person do it or not? */
export function questionStage({
  generator,
  prompts,
  seed,
  questions,
}: Project): CallStage<ScenarioRecord, QuestionRecord> {
  return {
    name: 'questions',
    version: 1,
    lanes: [generator.id],
    settings: { questions },
    calls: ({ scenario, value }) => [
      chatCall('questions', generator, fillPrompt(prompts.question, { scenario, value }), { ...questions, seed }),
    ],
    records: (record, [outcome]) => {
      const fail = (reason: string, text: string) => ({ records: [], rejects: [{ id: record.id, reason, text }] });
      if (outcome === undefined || isFailure(outcome)) return fail('call failed', outcome?.failure ?? '');
      if (outcome.finish === 'length') return fail('cut off', outcome.text);
      const question = parseSingle(outcome.text);
      return { records: [{ ...record, id: contentId('q', record.valueId, question), question }], rejects: [] };
    },
  };
}
