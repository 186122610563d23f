import { EngineError } from '../core/errors.js';
import { answerPart, type EmbeddableText } from '../core/question-answer.js';
import type { Collection } from '../datasets/live/collection.js';
import { type Explanation, explainClassification } from '../identification/classifier/explain.js';
import type { Classification } from '../identification/classifier/value-classifier.js';
import type { ValueFilter } from '../search/filters/value-filter.js';
import { MAX_EXPLAINED } from './limits.js';

interface ClassifyRequest {
  /** Undefined if the request has vectors, which cannot be classified. */
  texts: readonly EmbeddableText[] | undefined;
  /** [texts, dim], their vectors. */
  vectors: Float32Array;
  filter: ValueFilter | undefined;
  /** Value ids in each classification. */
  candidates: number;
  /** Whether to classify all texts together as well. */
  together: boolean;
  /** Whether to explain the classifications. */
  why: boolean;
}

/** The fields that a classifier adds to an identification. */
interface ClassifiedTexts {
  /** One per text. */
  results: { classification: Classification; why?: Explanation }[];
  together?: Classification;
}

/**
 * Classifies the texts of a request.
 *
 * @returns undefined if the dataset has no classifier or the request has no texts
 * @throws EngineError `ERR_ARG_TYPE` or `ERR_DATA` if the request needs them; `ERR_ARG_RANGE` for more texts than a
 *   request can explain; `ERR_ABORTED`
 */
export async function classifyTexts(
  { classifier, dataset }: Collection,
  { texts, vectors, filter, candidates, together, why }: ClassifyRequest,
  signal: AbortSignal,
): Promise<ClassifiedTexts | undefined> {
  const needs = together ? 'together' : why ? 'why' : undefined;
  if (!texts) {
    if (needs) throw new EngineError('ERR_ARG_TYPE', `Expected "texts" with "${needs}", got "vectors"`);
    return undefined;
  }
  if (!classifier) {
    if (!needs) return undefined;
    const message = `Expected a dataset with a classifier for "${needs}", but ${dataset.dir} has none`;
    throw new EngineError('ERR_DATA', message, { remedies: [{ text: 'run "univar fit" and reload' }] });
  }
  if (why && texts.length > MAX_EXPLAINED)
    throw new EngineError('ERR_ARG_RANGE', `Expected at most ${MAX_EXPLAINED} texts with "why", got ${texts.length}`);
  const answers = texts.map(answerPart);
  const evidence = await classifier.score(answers, vectors, { signal });
  const classifications = classifier.weigh(evidence, { filter });
  const [all] = together ? classifier.weigh(evidence, { filter, together }) : [];
  const results: ClassifiedTexts['results'] = [];
  for (const [i, classification] of classifications.entries()) {
    const [first] = (all ?? classification).ranking;
    const explains = why && first !== undefined;
    results.push({
      classification: limited(classification, candidates),
      ...(explains && { why: await explainClassification(classifier, answers[i]!, first.valueId, { signal }) }),
    });
  }
  return { results, ...(all && { together: limited(all, candidates) }) };
}

function limited({ unknown, ranking }: Classification, candidates: number): Classification {
  return { unknown, ranking: ranking.slice(0, candidates) };
}
