/**
 * Splits a value id `model$lang` at the last `$`: names of models can contain one, but languages cannot, which is
 * checked when a record is read from a file or a request. So two records of different models or languages never have
 * the same value id. Without a `$`, the entire text is the model and the language is empty.
 */
export function splitValueId(valueId: string): { model: string; lang: string } {
  const at = valueId.lastIndexOf('$');
  return at < 0 ? { model: valueId, lang: '' } : { model: valueId.slice(0, at), lang: valueId.slice(at + 1) };
}

/** Returns the language of each value id. */
export function languagesOf(valueIds: readonly string[]): string[] {
  return valueIds.map((id) => splitValueId(id).lang);
}
