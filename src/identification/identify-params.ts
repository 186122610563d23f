/** Well above FAISS's own settings, which are for speed: they miss true neighbours that ought to vote. */
const EF_SEARCH = 128;
const NPROBE = 16;

/**
 * Settings of a search for neighbours that vote: those that an index with this factory string has a use for.
 *
 * @param given what takes the place of the defaults of 128 and 16
 */
export function identifyParams(
  factory: string,
  { efSearch = EF_SEARCH, nprobe = NPROBE }: { efSearch?: number | undefined; nprobe?: number | undefined } = {},
): { efSearch?: number; nprobe?: number } {
  return { ...(factory.includes('HNSW') && { efSearch }), ...(factory.includes('IVF') && { nprobe }) };
}
