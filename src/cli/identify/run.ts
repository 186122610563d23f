import { EngineError } from '../../core/errors.js';
import { answerPart, type EmbeddableText, wholeText } from '../../core/question-answer.js';
import { languagesOf } from '../../core/value-id.js';
import { openDataset } from '../../datasets/dataset.js';
import type { Explanation } from '../../identification/classifier/explanation.js';
import type { Classification } from '../../identification/classifier/value-classifier.js';
import { defaultK } from '../../identification/value-identifier.js';
import type { Collection, IdentifiedText } from '../../pipeline/collection/collection.js';
import { openCollection } from '../../pipeline/collection/open-collection.js';
import type { GivenIndex } from '../../pipeline/index/dataset-search.js';
import type { QaRecord } from '../../records/record.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import type { CliContext } from '../context.js';
import { describeEncoder } from '../encoder-options.js';
import { formatCount } from '../format.js';
import type { IdentifyCliOptions } from './options.js';
import { describeIdentification, describeTogether, type ExplainedEvidence } from './report.js';
import { identificationCsv, identificationTable } from './table.js';
import { collectTexts } from './texts.js';
import { markPhrases } from './why.js';

/** Number of nearest answers that a report shows. */
const EVIDENCE = 3;

/** Everything that identifying needs. */
interface Task {
  collection: Collection;
  texts: readonly EmbeddableText[];
  /** The rows that the texts are from, if they are from a file with rows. */
  records?: readonly QaRecord[] | undefined;
  filter: ValueFilter | undefined;
  /** Number of answers that match the filter, if there is one. */
  matching: number | undefined;
  options: IdentifyCliOptions;
  context: CliContext;
}

/** A result, in the forms for programs and for people. */
interface Result {
  json: Record<string, unknown>;
  /** With `--csv`, printed instead. */
  csv?: string;
  reports: string[];
}

/** `univar identify`: identifies the texts, and prints their probabilities, their rankings and the evidence. */
export async function runIdentify(dir: string, options: IdentifyCliOptions, context: CliContext): Promise<void> {
  const dataset = await openDataset(dir);
  const languages = languagesOf(Object.keys(dataset.manifest.valueIds));
  const given = await collectTexts(options, process.stdin, (text) => context.log(text), languages);
  const { fit, encoder: folder, backend, precision } = options;
  const { signal } = context;
  const index = await openIndex(dir, options, context);
  const collection = await openCollection(dataset, {
    ...(!fit && { fit }),
    encoder: folder,
    backend,
    precision,
    index,
    signal,
  });
  try {
    if (collection.hasStaleIndex)
      context.log('note: the index is out of date; searching exactly. Run "univar index" to rebuild it');
    if (collection.hasStaleFit)
      context.log('note: the fit of this dataset belongs to other answers and is not used. Run "univar fit" again');
    const needs = options.together ? '--together' : options.why ? '--why' : undefined;
    if (needs && !collection.hasClassifier) {
      const message = `Expected a dataset with a classifier for "${needs}", but ${dir} has none`;
      throw new EngineError('ERR_DATA', message, { remedies: [{ text: 'run "univar fit"' }] });
    }
    const filter = filterOf(options);
    const matching = filter && collection.count(filter);
    const task = { collection, ...given, filter, matching, options, context };
    const { json, csv, reports } = await (options.together ? classifyTogether(task) : identifyEach(task));
    const { encoder, isFitted } = collection;
    if (options.json) {
      context.printJson({
        dataset: dir,
        encoder: encoder.name,
        fitted: isFitted,
        backend: encoder.backend,
        precision: encoder.precision,
        ...json,
      });
      return;
    }
    if (csv !== undefined) {
      context.print(csv);
      return;
    }
    const origin = isFitted ? ', fitted on this dataset' : '';
    context.print([...reports, `Encoder: ${describeEncoder(encoder)}${origin}`].join('\n\n'));
  } finally {
    await collection.dispose();
  }
}

async function identifyEach(task: Task): Promise<Result> {
  const { collection, texts, records, filter, matching, options, context } = task;
  const { efSearch, nprobe, rerank } = options;
  const asTable = options.csv || (records !== undefined && !options.why && !options.evidence);
  const evidence = options.evidence ?? (options.csv || (asTable && !options.json) ? 0 : EVIDENCE);
  const { rows: answers } = collection;
  const k = options.k ?? defaultK(matching ?? answers);
  const { signal } = context;
  const identified = await collection.identify(texts, { k, efSearch, nprobe, rerank, filter, evidence, signal });
  if (matching !== undefined && matching < k)
    context.log(
      `note: the filter matches ${formatCount(matching)} of the ${formatCount(answers)} answers; all of them vote`,
    );
  const reasons = await explainAll(task, identified);
  const rows = identified.map((found, i) => ({ ...found, text: texts[i]!, record: records?.[i] }));
  if (options.csv) return { json: {}, csv: identificationCsv(rows), reports: [] };
  const json = {
    k: Math.min(k, matching ?? k),
    ...(matching !== undefined && { matching }),
    search: collection.searchKind === 'exact' ? 'exact' : 'index',
    texts: identified.map((text, i) => ({ ...text, ...given(records?.[i]), ...reasons?.[i] })),
  };
  if (asTable) return { json, reports: [identificationTable(rows, context.width)] };
  const reports = identified.map((text, i) =>
    describeIdentification(
      { ...text, ...explained(texts[i]!, reasons?.[i]?.why), evidence: reasons?.[i]?.evidence ?? text.evidence },
      context.width,
      { scope: scopeOf(filter), textLength: options.textLength },
    ),
  );
  return { json, reports };
}

async function classifyTogether(task: Task): Promise<Result> {
  const { collection, texts, filter, matching, context } = task;
  const { signal } = context;
  const [together] = (await collection.classify(texts, { filter, together: true, signal })) as [Classification];
  const reasons = await explainAll(
    task,
    texts.map(() => ({ classification: together, evidence: [] })),
  );
  const json = {
    ...(matching !== undefined && { matching }),
    together,
    texts: texts.map((text, i) => ({ text: wholeText(text), ...given(task.records?.[i]), why: reasons?.[i]?.why })),
  };
  const all = texts.map((text, i) => explained(text, reasons?.[i]?.why));
  return { json, reports: [describeTogether(all, together, context.width, scopeOf(filter))] };
}

/** The reasons for an identification: those in the text itself, and in the nearest answers. */
interface Reasons {
  why: Explanation | undefined;
  evidence: ExplainedEvidence[];
}

/**
 * Explains the first value id of the classification of each text, and the nearest answers, each by its own value id.
 * Returns undefined without `--why`.
 */
async function explainAll(
  { collection, texts, options, context }: Task,
  identified: readonly Pick<IdentifiedText, 'classification' | 'evidence'>[],
): Promise<Reasons[] | undefined> {
  if (!options.why) return undefined;
  const { signal } = context;
  const progress = context.progress({ label: 'explain', unit: 'texts', total: texts.length });
  try {
    const reasons: Reasons[] = [];
    for (const [i, { classification, evidence }] of identified.entries()) {
      const ranking = classification?.ranking ?? [];
      const why = ranking[0] && (await collection.explain(texts[i]!, ranking[0].valueId, { signal }));
      const explainedAnswers: ExplainedEvidence[] = [];
      for (const neighbour of evidence) {
        const isKnown = ranking.some(({ valueId }) => valueId === neighbour.valueId);
        const reason = isKnown && (await collection.explain(neighbour.answer, neighbour.valueId, { signal }));
        explainedAnswers.push({ ...neighbour, ...(reason && { phrase: reason.for[0] }) });
      }
      reasons.push({ why, evidence: explainedAnswers });
      progress.update(i + 1);
    }
    return reasons;
  } finally {
    progress.stop();
  }
}

/** The fields of the row that a text is from, for JSON. */
function given(record: QaRecord | undefined): Partial<QaRecord> {
  if (!record) return {};
  const { qid, model, lang } = record;
  return { qid, ...(model && { model }), ...(lang && { lang }) };
}

function scopeOf(filter: ValueFilter | undefined): string | undefined {
  return filter && 'that matches the filter';
}

function explained(text: EmbeddableText, why: Explanation | undefined) {
  const marks = why && process.stdout.isTTY;
  return { text: wholeText(text), why, ...(marks && { marked: markPhrases(answerPart(text), why) }) };
}

function filterOf({
  filterModel: model,
  filterLang: lang,
  filterValueId: valueId,
}: IdentifyCliOptions): ValueFilter | undefined {
  return model || lang || valueId ? { model, lang, valueId } : undefined;
}

async function openIndex(
  dir: string,
  { exact, index: url, table, together }: IdentifyCliOptions,
  context: CliContext,
): Promise<'saved' | 'exact' | 'none' | GivenIndex> {
  if (url !== undefined) {
    const { openPgIndex } = await import('../../pipeline/index/postgres-index.js');
    return openPgIndex(dir, {
      url,
      ...(table !== undefined && { table }),
      signal: context.signal,
      onNotice: (text) => context.log(`note: ${text}`),
    });
  }
  if (table !== undefined) throw new EngineError('ERR_ARG_TYPE', '--table can only be used with --index');
  if (together) return 'none'; // without votes
  return exact ? 'exact' : 'saved';
}
