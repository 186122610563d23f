/**
 * Splits a value id `model$lang` at the last `$`, because names of models can contain one but language codes do not.
 * Without a `$`, the entire text is the model and the language is empty.
 */
export function splitValueId(valueId: string): { model: string; lang: string } {
  const at = valueId.lastIndexOf('$');
  return at < 0 ? { model: valueId, lang: '' } : { model: valueId.slice(0, at), lang: valueId.slice(at + 1) };
}
