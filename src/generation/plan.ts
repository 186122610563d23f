/** Plans the calls of a project and their cost without making them. */
import { expectInteger, expectOptions } from '../core/validate.js';
import { costOf, requestTokens } from './call.js';
import { expectProject } from './expect-project.js';
import { ENGLISH, type Model, type Project } from './project.js';
import type { AnyCallStage } from './stages/call-stages.js';
import { callStages } from './stages/call-stages.js';
import { STAGE_NAMES, type StageName } from './stages/stage.js';

/** The calls of one stage to one model or translator. */
export interface PlannedCalls {
  stage: StageName;
  /** Model or translator. */
  model: string;
  calls: number;
  promptTokens: number;
  completionTokens: number;
  usd: number;
}

/** The calls that a project needs. */
export interface Plan {
  calls: PlannedCalls[];
  /** Records after each stage if nothing is dropped. */
  records: Record<StageName, number>;
  total: Omit<PlannedCalls, 'stage' | 'model'>;
  /** Number of pairs of model and language, and how many of them are known to be seen. */
  valueIds: number;
  seenValueIds: number;
}

/** Assumed average lengths of texts in tokens. */
const TOKENS = { scenario: 60, question: 45 } as const;

/**
 * Counts calls, tokens and cost by stage and model. The numbers are upper estimates: they assume that nothing is
 * dropped and that no translation is shared. Tokens are a quarter of the bytes.
 *
 * @param measured numbers of records that stages made in an earlier run; they replace estimates
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function planProject(project: Project, measured: Partial<Record<StageName, number>> = {}): Plan {
  const checked = expectProject(project);
  const counts = expectOptions(measured, 'measured', STAGE_NAMES);
  for (const [stage, count] of Object.entries(counts))
    if (count !== undefined) expectInteger(count, `measured.${stage}`, 0);
  const { scenarios, paraphrases, languages, models } = checked;
  const records = {} as Record<StageName, number>;
  const made = (stage: StageName, estimate: number): number =>
    (records[stage] = (counts[stage] as number | undefined) ?? estimate);
  made('scenarios', checked.values.length * scenarios.perValue);
  made('questions', records.scenarios);
  made('filter', records.questions);
  made('paraphrases', records.filter * (1 + paraphrases.perQuestion));
  made('translation', records.paraphrases * languages.length);
  const askedIn = (model: Model): number => (records.translation * model.languages.length) / languages.length;
  made('answers', Math.round(models.reduce((sum, model) => sum + askedIn(model), 0)));
  made('back-translation', records.answers);
  const calls = planCalls(checked, records);
  const sum = (field: 'calls' | 'promptTokens' | 'completionTokens' | 'usd'): number =>
    calls.reduce((total, entry) => total + entry[field], 0);
  const idsOf = (some: readonly Model[]): number =>
    some.reduce((total, { languages: spoken }) => total + spoken.length, 0);
  return {
    calls,
    records,
    total: {
      calls: sum('calls'),
      promptTokens: sum('promptTokens'),
      completionTokens: sum('completionTokens'),
      usd: sum('usd'),
    },
    valueIds: idsOf(models),
    seenValueIds: idsOf(models.filter(({ seen }) => seen === true)),
  };
}

/** Builds the calls for one typical record in each language and multiplies. */
function planCalls(project: Project, records: Record<StageName, number>): PlannedCalls[] {
  const { scenarios, paraphrases, answers, languages, values } = project;
  const stages = callStages(project);
  const text = (tokens: number): string => 'text'.repeat(tokens);
  const question = text(TOKENS.question);
  const typical = {
    id: '',
    valueId: '',
    group: '',
    value: values[0]!.value,
    scenario: text(TOKENS.scenario),
    question,
    text: question,
    answer: text(answers.expectedTokens),
    variant: 0,
    faults: [],
  };
  const perLanguage = (stage: AnyCallStage, total: number, completion: (call: number) => number): PlannedCalls[] =>
    languages.flatMap((lang) => multiply(stage, { ...typical, lang }, total / languages.length, completion));
  const answersIn = (lang: string) =>
    (records.translation / languages.length) * project.models.filter((model) => model.languages.includes(lang)).length;
  const share =
    records.answers /
    Math.max(
      1,
      languages.reduce((sum, lang) => sum + answersIn(lang), 0),
    );
  const back = languages
    .filter((lang) => lang !== ENGLISH)
    .flatMap((lang) =>
      multiply(stages['back-translation'], { ...typical, lang }, answersIn(lang) * share, (call) =>
        call === 0 ? TOKENS.question : answers.expectedTokens,
      ),
    );
  const all = [
    ...values.flatMap((value) =>
      multiply(stages.scenarios, value, 1, () => Math.min(scenarios.perCall, scenarios.perValue) * TOKENS.scenario),
    ),
    ...multiply(stages.questions, typical, records.scenarios, () => TOKENS.question),
    ...multiply(stages.paraphrases, typical, records.filter, () => paraphrases.perQuestion * TOKENS.question),
    ...multiply(stages.translation, typical, records.paraphrases, () => TOKENS.question),
    ...perLanguage(stages.answers, records.translation, () => answers.expectedTokens),
    ...back,
  ];
  return merge(all);
}

function multiply(
  stage: AnyCallStage,
  record: object,
  count: number,
  completion: (call: number) => number,
): PlannedCalls[] {
  return stage.calls(record).map((call, i) => {
    const promptTokens = requestTokens(call.request) * count;
    const limit = call.request.kind === 'chat' ? call.request.maxTokens : Infinity;
    const completionTokens = Math.min(completion(i), limit) * count;
    return {
      stage: stage.name,
      model: call.model,
      calls: count,
      promptTokens,
      completionTokens,
      usd: costOf(call.price, promptTokens, completionTokens),
    };
  });
}

function merge(entries: readonly PlannedCalls[]): PlannedCalls[] {
  const merged = new Map<string, PlannedCalls>();
  for (const entry of entries) {
    const key = `${entry.stage} ${entry.model}`;
    const sum = merged.get(key);
    if (!sum) merged.set(key, { ...entry });
    else for (const field of ['calls', 'promptTokens', 'completionTokens', 'usd'] as const) sum[field] += entry[field];
  }
  return [...merged.values()]
    .map((entry) => ({
      ...entry,
      calls: Math.round(entry.calls),
      promptTokens: Math.round(entry.promptTokens),
      completionTokens: Math.round(entry.completionTokens),
    }))
    .sort(
      (a, b) =>
        STAGE_NAMES.indexOf(a.stage) - STAGE_NAMES.indexOf(b.stage) ||
        b.calls - a.calls ||
        (a.model < b.model ? -1 : 1),
    );
}
