import type { SearchEffort } from '../identification/searchable-index.js';
import { isReranked } from '../search/factory.js';
import type { MeasuredRecall } from '../search/measured-recall.js';
import { plural } from './format.js';

/** What `univar index` measured. */
interface Measured {
  factory?: string | undefined;
  efConstruction?: number | undefined;
  targetRecall?: number | undefined;
  effort?: SearchEffort | undefined;
  recall?: MeasuredRecall | undefined;
}

/** Says what searches do and find; undefined if that was not measured. */
export function describeRecall({ effort = {}, recall }: Measured): string | undefined {
  if (!recall) return undefined;
  const { k, share, atLeast, sample } = recall;
  const { efSearch, nprobe, rerank } = effort;
  const settings = [
    ...(efSearch === undefined ? [] : [`efSearch ${efSearch}`]),
    ...(nprobe === undefined ? [] : [`nprobe ${nprobe}`]),
    ...(rerank === undefined ? [] : [`${rerank} re-ranked`]),
  ];
  const measured = `measured on ${plural(sample, 'answer')}; at least ${percent(atLeast)} for new ones`;
  const found = `find ${percent(share)} of the ${k} nearest answers (${measured})`;
  return settings.length === 0 ? found : `${found} with ${settings.join(', ')}`;
}

/** Says what helps if the index does not reach the recall asked for. */
export function adviseOnRecall({ factory = '', efConstruction, targetRecall, recall }: Measured): string | undefined {
  if (!recall || targetRecall === undefined || recall.atLeast >= targetRecall) return undefined;
  const help = [
    ...(factory.includes('PCA') ? ['leave the transform out (--factory "HNSW32,SQ8,Refine(SQfp16)")'] : []),
    ...(factory.endsWith('Flat') || isReranked(factory)
      ? []
      : /SQ|PQ/.test(factory)
        ? [`re-rank (--factory "${factory},Refine(SQfp16)")`]
        : []),
    ...(factory.includes('HNSW') ? [`build with --ef-construction ${4 * (efConstruction ?? 40)}`] : []),
    'search exactly (--factory Flat)',
  ];
  const last = help.pop()!;
  const ways = help.length === 0 ? last : `${help.join(', ')}, or ${last}`;
  return `no search of this index surely finds ${percent(targetRecall)}; the best one is used. To find more, ${ways}`;
}

/** Not rounded up: 100 % means all. */
function percent(share: number): string {
  return `${(Math.floor(1000 * share + 1e-9) / 10).toFixed(1)} %`;
}
