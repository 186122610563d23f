import { EngineError } from '../../core/errors.js';
import { type EmbeddableText, wholeText } from '../../core/question-answer.js';
import { type Dataset, openDataset } from '../../datasets/dataset.js';
import { identifyParams } from '../../identification/identify-params.js';
import { type Identification, ValueIdentifier } from '../../identification/value-identifier.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import type { PgVectorIndex } from '../../search/pgvector/index.js';
import type { VectorIndex } from '../../search/vector-index.js';
import type { CliContext } from '../context.js';
import { loadDatasetEncoder } from '../dataset-encoder.js';
import { loadDatasetIndex } from '../dataset-index.js';
import { describeEncoder } from '../encoder-options.js';
import { formatCount } from '../format.js';
import type { IdentifyCliOptions } from './options.js';
import { describeIdentification, type TextReport } from './report.js';
import { collectTexts } from './texts.js';

/** `univar identify`: embeds the texts, lets the nearest answers vote, prints the ranking and the evidence. */
export async function runIdentify(dir: string, options: IdentifyCliOptions, context: CliContext): Promise<void> {
  const dataset = await openDataset(dir);
  const texts = await collectTexts(options, process.stdin);
  const encoder = await loadDatasetEncoder(dataset, options.encoder, options);
  let embeddings: Float32Array;
  try {
    ({ embeddings } = await encoder.encode(texts, { signal: context.signal }));
  } finally {
    await encoder.dispose();
  }
  const { backend, precision } = encoder;
  const { signal } = context;
  const index = await openIndex(dataset, options, context);
  try {
    const valueIds = await dataset.readValueIds({ signal });
    const identifier = new ValueIdentifier(
      index ? { index, valueIds } : { embeddings: await dataset.readEmbeddings(), valueIds },
    );
    const filter = filterOf(options);
    const matching = filter && identifier.count(filter);
    const k = options.k ?? Math.min(50, dataset.rows);
    const found = await identifier.identify(embeddings, {
      k,
      params: index && identifyParams(index.factory, options),
      filter,
      signal,
    });
    const reports = await explain(dataset, texts, found, options.evidence);
    if (matching !== undefined && matching < k)
      context.log(
        `note: the filter leaves ${formatCount(matching)} of the ${formatCount(dataset.rows)} answers; all of them vote`,
      );
    if (options.json)
      context.printJson({
        dataset: dir,
        backend,
        precision,
        k: Math.min(k, matching ?? k),
        ...(matching !== undefined && { matching }),
        search: index ? 'index' : 'exact',
        texts: reports,
      });
    else
      context.print(
        [
          ...reports.map((report) => describeIdentification(report, context.width)),
          `Encoder: ${describeEncoder(encoder)}`,
        ].join('\n\n'),
      );
  } finally {
    await index?.dispose();
  }
}

function filterOf({
  filterModel: model,
  filterLang: lang,
  filterValueId: valueId,
}: IdentifyCliOptions): ValueFilter | undefined {
  return model || lang || valueId ? { model, lang, valueId } : undefined;
}

async function openIndex(
  dataset: Dataset,
  options: IdentifyCliOptions,
  context: CliContext,
): Promise<VectorIndex | PgVectorIndex | undefined> {
  const { exact, index: url, table } = options;
  if (url !== undefined) {
    if (filterOf(options))
      throw new EngineError(
        'ERR_ARG_TYPE',
        '--filter-model, --filter-lang and --filter-value-id do not go with --index',
      );
    const { DEFAULT_TABLE, openPgIndex } = await import('../pg-index.js');
    return openPgIndex(dataset, { url, table: table ?? DEFAULT_TABLE, signal: context.signal });
  }
  if (table !== undefined) throw new EngineError('ERR_ARG_TYPE', '--table needs --index');
  return exact ? undefined : loadIndex(dataset, context);
}

async function loadIndex(dataset: Dataset, context: CliContext): Promise<VectorIndex | undefined> {
  const index = await loadDatasetIndex(dataset, { map: true });
  if (index !== 'stale') return index;
  context.log(
    'note: the index is of other embeddings than those of the dataset; searching exactly. Run "univar index" again',
  );
  return undefined;
}

/** Looks up the records of the nearest answers. */
async function explain(
  dataset: Dataset,
  texts: readonly EmbeddableText[],
  found: readonly Identification[],
  count: number,
): Promise<TextReport[]> {
  const nearest = found.flatMap(({ neighbours }) => neighbours.slice(0, count).map(({ row }) => row));
  const rows = [...new Set(nearest)];
  const records = await dataset.readRecordsAt(rows);
  const recordAt = new Map(rows.map((row, i) => [row, records[i]!]));
  return found.map((identification, i) => ({
    text: wholeText(texts[i]!),
    ...identification,
    evidence: identification.neighbours.slice(0, count).map((neighbour) => {
      const { question, answer } = recordAt.get(neighbour.row)!;
      return { ...neighbour, question, answer };
    }),
  }));
}
