/** Collects figures and samples of a finished project in one pass over its records. */
import { DuplicateCounter } from '../../records/duplicate-counter.js';
import type { GenerateSummary } from '../generate.js';
import type { Project } from '../project.js';
import type { ProjectFolder } from '../project-folder.js';
import { readRecordFile } from '../record-file.js';
import type { AnswerFault, AnswerRecord, GeneratedRecord, Reject } from '../records.js';
import { type RoundTrip, RoundTripSample, roundTripSimilarity } from './round-trip.js';
import { type Sample, SampleCollector } from './samples.js';

/** Figures of one model in one language. */
export interface AnswerFigures {
  model: string;
  lang: string;
  seen: boolean | undefined;
  /** Number of questions that the model was asked. */
  asked: number;
  /** Number of records in the result. */
  records: number;
  /** Number of answers with each fault, including those that were left out. */
  faults: Partial<Record<AnswerFault, number>>;
  failedCalls: number;
  lostInTranslation: number;
  /** Number of answers that equal an earlier one of this model in this language. */
  duplicates: number;
  meanCharacters: number;
}

export interface QualityReport {
  project: string;
  stages: GenerateSummary['stages'];
  spent: GenerateSummary['spent'];
  spentBy: GenerateSummary['spentBy'];
  answers: AnswerFigures[];
  roundTrip: RoundTrip[];
  samples: Sample[];
}

const FAULTS: readonly string[] = [
  'empty',
  'wrong-language',
  'truncated',
  'repetitive',
  'refusal',
] satisfies AnswerFault[];

/** @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED` */
export async function collectReport(
  project: Project,
  folder: ProjectFolder,
  summary: GenerateSummary,
  signal?: AbortSignal,
): Promise<QualityReport> {
  const figures = new Map<string, AnswerFigures>();
  const characters = new Map<string, number>();
  const of = (model: string, lang: string): AnswerFigures => {
    const key = `${model} ${lang}`;
    let entry = figures.get(key);
    if (!entry) {
      const { seen } = project.models.find(({ id }) => id === model) ?? {};
      entry = {
        model,
        lang,
        seen,
        asked: 0,
        records: 0,
        faults: {},
        failedCalls: 0,
        lostInTranslation: 0,
        duplicates: 0,
        meanCharacters: 0,
      };
      figures.set(key, entry);
    }
    return entry;
  };
  const addFault = (entry: AnswerFigures, fault: AnswerFault): void =>
    void (entry.faults[fault] = (entry.faults[fault] ?? 0) + 1);
  const duplicates = new DuplicateCounter();
  for await (const { model, lang, answer } of readRecordFile<AnswerRecord>(folder.file('answers'), signal)) {
    const entry = of(model, lang);
    entry.asked++;
    characters.set(`${model} ${lang}`, (characters.get(`${model} ${lang}`) ?? 0) + answer.length);
    if (duplicates.add({ qid: '', question: '', answer, model, lang })) entry.duplicates++;
  }
  for (const entry of figures.values())
    entry.meanCharacters = (characters.get(`${entry.model} ${entry.lang}`) ?? 0) / entry.asked;
  for await (const { id, reason } of readRecordFile<Reject>(folder.rejectsFile('answers'), signal)) {
    const entry = of(...partsOf(id));
    entry.asked++;
    if (FAULTS.includes(reason)) addFault(entry, reason as AnswerFault);
    else entry.failedCalls++;
  }
  for await (const { id, reason } of readRecordFile<Reject>(folder.rejectsFile('back-translation'), signal)) {
    const entry = of(...partsOf(id));
    if (reason === 'refusal') addFault(entry, 'refusal');
    else entry.lostInTranslation++;
  }
  const samples = new SampleCollector(project.report.samples);
  const trips = new RoundTripSample(project.report.roundTripSample);
  for await (const record of readRecordFile<GeneratedRecord>(folder.file('back-translation'), signal)) {
    const entry = of(record.model, record.lang);
    entry.records++;
    for (const fault of record.faults) addFault(entry, fault);
    samples.add(record);
    trips.add(record);
  }
  return {
    project: project.name,
    stages: summary.stages,
    spent: summary.spent,
    spentBy: summary.spentBy,
    answers: [...figures.values()].sort((a, b) =>
      a.model === b.model ? (a.lang < b.lang ? -1 : 1) : a.model < b.model ? -1 : 1,
    ),
    roundTrip: await roundTripSimilarity(trips, project.encoder, signal),
    samples: samples.samples(),
  };
}

/** Model and language of a reject: `ID LANG MODEL`. */
function partsOf(id: string): [model: string, lang: string] {
  const [, lang = '', model = ''] = id.split(' ');
  return [model, lang];
}
