/** Token ids of several texts, one after the other, without padding. */
export interface PackedTokens {
  ids: Int32Array;
  /** texts + 1 ascending entries from 0: text i owns ids offsets[i] to offsets[i + 1] - 1. */
  offsets: Int32Array;
}

/** The texts of the first, then those of the second. */
export function joinPackedTokens(first: PackedTokens, second: PackedTokens): PackedTokens {
  const ids = new Int32Array(first.ids.length + second.ids.length);
  ids.set(first.ids);
  ids.set(second.ids, first.ids.length);
  const texts = first.offsets.length - 1;
  const offsets = new Int32Array(texts + second.offsets.length);
  offsets.set(first.offsets);
  second.offsets.forEach((offset, i) => (offsets[texts + i] = first.ids.length + offset));
  return { ids, offsets };
}
