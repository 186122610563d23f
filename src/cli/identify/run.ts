import { EngineError } from '../../core/errors.js';
import { openDataset } from '../../datasets/dataset.js';
import { DEFAULT_K } from '../../identification/value-identifier.js';
import { openCollection } from '../../pipeline/collection/open-collection.js';
import type { GivenIndex } from '../../pipeline/index/dataset-search.js';
import type { ValueFilter } from '../../search/filters/value-filter.js';
import type { CliContext } from '../context.js';
import { describeEncoder } from '../encoder-options.js';
import { formatCount } from '../format.js';
import type { IdentifyCliOptions } from './options.js';
import { describeIdentification } from './report.js';
import { collectTexts } from './texts.js';

/** `univar identify`: identifies the texts, and prints their rankings and the evidence. */
export async function runIdentify(dir: string, options: IdentifyCliOptions, context: CliContext): Promise<void> {
  const dataset = await openDataset(dir);
  const texts = await collectTexts(options, process.stdin);
  const { fit, encoder: folder, backend, precision, efSearch, nprobe, evidence } = options;
  const { signal } = context;
  const index = await openIndex(dir, options, signal);
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
    const filter = filterOf(options);
    const matching = filter && collection.count(filter);
    const k = options.k ?? Math.min(DEFAULT_K, dataset.rows);
    const identified = await collection.identify(texts, { k, efSearch, nprobe, filter, evidence, signal });
    if (matching !== undefined && matching < k) {
      const left = `${formatCount(matching)} of the ${formatCount(dataset.rows)} answers`;
      context.log(`note: the filter matches ${left}; all of them vote`);
    }
    const { encoder } = collection;
    if (options.json) {
      context.printJson({
        dataset: dir,
        encoder: encoder.name,
        fitted: collection.isFitted,
        backend: encoder.backend,
        precision: encoder.precision,
        k: Math.min(k, matching ?? k),
        ...(matching !== undefined && { matching }),
        search: collection.searchKind === 'exact' ? 'exact' : 'index',
        texts: identified,
      });
      return;
    }
    const reports = identified.map((text) => describeIdentification(text, context.width));
    const origin = collection.isFitted ? ', fitted on this dataset' : '';
    context.print([...reports, `Encoder: ${describeEncoder(encoder)}${origin}`].join('\n\n'));
  } finally {
    await collection.dispose();
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
  dir: string,
  { exact, index: url, table }: IdentifyCliOptions,
  signal: AbortSignal,
): Promise<'saved' | 'exact' | GivenIndex> {
  if (url !== undefined) {
    const { openPgIndex } = await import('../../pipeline/index/postgres-index.js');
    return openPgIndex(dir, { url, ...(table !== undefined && { table }), signal });
  }
  if (table !== undefined) throw new EngineError('ERR_ARG_TYPE', '--table can only be used with --index');
  return exact ? 'exact' : 'saved';
}
