import { splitValueId } from '../../core/value-id.js';
import { type ValueFilter, wantedNames } from '../filters/value-filter.js';

/** Builds the conditions of a filter and appends its names to the parameters of the query. */
export function filterConditions(filter: ValueFilter, values: unknown[]): string[] {
  const parameter = (names: string[]): string => `$${values.push(names)}`;
  const conditions: string[] = [];
  const [models, langs, valueIds] = (['model', 'lang', 'valueId'] as const).map((field) => wantedNames(filter, field));
  if (models) conditions.push(`model = ANY(${parameter(models)})`);
  if (langs) conditions.push(`lang = ANY(${parameter(langs)})`);
  if (valueIds) {
    const ids = valueIds.map(splitValueId);
    const columns = [ids.map(({ model }) => model), ids.map(({ lang }) => lang)].map(parameter);
    conditions.push(`(model, lang) IN (SELECT * FROM unnest(${columns[0]}::text[], ${columns[1]}::text[]))`);
  }
  return conditions;
}
