/** What one request, and all of them together, may ask for. */
export interface Limits {
  /** Texts, vectors, records or rows of one request. @default 2048 */
  texts: number;
  /** Characters of a text, a question or an answer. @default 32,768 */
  textLength: number;
  /** Bytes of a body. @default 16 MiB */
  bodyBytes: number;
  /** Neighbours of a query. @default 1000 */
  k: number;
  /** Requests that are worked on at the same time, those that wait for the encoder included. @default 512 */
  requests: number;
  /** Requests per minute of one key, or of one address where there are no keys; 0 for any number. @default 0 */
  perMinute: number;
}

export const DEFAULT_LIMITS: Limits = { texts: 2048, textLength: 32_768, bodyBytes: 16 * 2 ** 20, k: 1000, requests: 512, perMinute: 0 };
