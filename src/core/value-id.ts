/**
 * The two parts of a value id `model$lang`. The language is what follows the last `$`: names of models may contain one,
 * language codes do not. Without a `$` the whole text is the model and the language is empty.
 */
export function splitValueId(valueId: string): { model: string; lang: string } {
  const at = valueId.lastIndexOf('$');
  return at < 0 ? { model: valueId, lang: '' } : { model: valueId.slice(0, at), lang: valueId.slice(at + 1) };
}
