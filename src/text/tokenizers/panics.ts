/**
 * Rejects added tokens on which the Rust package `tokenizers` (0.23) panics, which ends the process. The package finds
 * added tokens in the text, or in the normalised text if `normalized` is set, and then cuts the text at their ends. It
 * panics in two cases:
 *
 * - One token takes the white space after it (`rstrip`). Another consists of white space and takes the white space
 *   before it (`lstrip`), but not after it. If the first takes all of the second, the second begins after its own end.
 * - A token that the normalizer removes completely is found everywhere, even inside a character.
 *
 * Fuzzing with all flags, ten normalizers and several kinds of white space found no other panic.
 */
import type { Section } from './section.js';

/** White space as defined by the package, which differs from JavaScript's \s. */
const WHITE_SPACE = /^\p{White_Space}+$/u;

const WHY = ' (otherwise the npm package "tokenizers" crashes the process on some texts)';

/**
 * Rejects a tokenizer on which the package would panic.
 *
 * @param root contents of a tokenizer.json that the package has accepted
 * @param normalize the normalizer of that tokenizer
 * @throws EngineError `ERR_DATA` naming the file and the added token
 */
export function refusePanics(root: Section, normalize: (text: string) => string): void {
  const tokens = root.value('added_tokens') === undefined ? [] : root.sections('added_tokens');
  for (const token of tokens) {
    const content = token.string('content');
    const normalized = token.boolean('normalized');
    const form = normalized ? normalize(content) : content;
    // The package ignores tokens that are empty before normalisation.
    if (form === '' && content !== '') throw token.error('content', `text that the normalizer does not remove${WHY}`);
    if (!WHITE_SPACE.test(form) || !token.boolean('lstrip') || token.boolean('rstrip')) continue;
    const other = tokens.find((entry) => entry.boolean('rstrip') && entry.boolean('normalized') === normalized);
    if (other !== undefined)
      throw token.error('lstrip', `false, because ${JSON.stringify(other.string('content'))} has rstrip${WHY}`);
  }
}
