import { chatCall } from '../call.js';
import { parseList } from '../parse-completion.js';
import type { Project } from '../project.js';
import { fillPrompt } from '../prompts.js';
import { contentId, type Reject, type ScenarioRecord, type ValueRecord } from '../records.js';
import { type CallStage, isFailure } from './stage.js';

/** Shorter texts do not describe a situation. */
const MIN_WORDS = 6;

/** Generates `perValue` situations in which each value is at stake, in lists of `perCall`. */
export function scenarioStage({
  generator,
  prompts,
  seed,
  scenarios,
}: Project): CallStage<ValueRecord, ScenarioRecord> {
  const { perValue, perCall } = scenarios;
  const parts = Math.ceil(perValue / perCall);
  const countOf = (part: number): number => Math.min(perCall, perValue - part * perCall);
  return {
    name: 'scenarios',
    version: 1,
    lanes: [generator.id],
    settings: { scenarios },
    calls: ({ value }) =>
      Array.from({ length: parts }, (_, part) =>
        // Each part has its own seed, which may be the only difference between two calls.
        chatCall(
          'scenarios',
          generator,
          fillPrompt(prompts.scenarios, { value, count: countOf(part), part: part + 1, parts }),
          { ...scenarios, seed: seed + part },
        ),
      ),
    records: ({ id: valueId, value }, outcomes) => {
      const records: ScenarioRecord[] = [];
      const rejects: Reject[] = [];
      const seen = new Set<string>();
      outcomes.forEach((outcome, part) => {
        const at = `${valueId} part ${part + 1}`;
        if (isFailure(outcome)) return void rejects.push({ id: at, reason: 'call failed', text: outcome.failure });
        const found = parseList(outcome.text);
        // The last entry of a truncated list is truncated too.
        const entries = (outcome.finish === 'length' ? found.slice(0, -1) : found).slice(0, countOf(part));
        if (entries.length < countOf(part))
          rejects.push({ id: at, reason: 'list too short', text: `${entries.length} of ${countOf(part)}` });
        for (const scenario of entries) {
          const id = contentId('s', valueId, scenario);
          if (seen.has(id)) rejects.push({ id, reason: 'repeated', text: scenario });
          else if (scenario.split(' ').length < MIN_WORDS) rejects.push({ id, reason: 'too short', text: scenario });
          else records.push({ id, valueId, value, scenario });
          seen.add(id);
        }
      });
      return { records, rejects };
    },
  };
}
