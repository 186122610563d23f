/**
 * Added tokens on which the Rust package `tokenizers` (0.23) panics, which ends the process. It finds added tokens in
 * the text, and those with `normalized` in the normalised text, then cuts the text at their ends:
 *
 * - One token takes the white space after it (`rstrip`); another consists of white space and takes that before it
 *   (`lstrip`), but not that after it. If the first has taken all of the second, the second begins after its end.
 * - A token that the normalizer leaves nothing of is found everywhere, also inside of a character.
 *
 * Fuzzing with all flags, ten normalizers and several kinds of white space found no other panic.
 */
import type { Section } from './section.js';

/** As the package defines white space, which is not JavaScript's \s. */
const WHITE_SPACE = /^\p{White_Space}+$/u;

const WHY = ' (else the npm package "tokenizers" ends the process on some texts)';

/**
 * @param root of a tokenizer.json that the package has accepted
 * @param normalize the normalizer of that tokenizer
 * @throws EngineError `ERR_DATA` naming the file and the added token
 */
export function refusePanics(root: Section, normalize: (text: string) => string): void {
  const tokens = root.value('added_tokens') === undefined ? [] : root.sections('added_tokens');
  for (const token of tokens) {
    const content = token.string('content');
    const normalized = token.boolean('normalized');
    const form = normalized ? normalize(content) : content;
    // The package ignores tokens that are empty from the start.
    if (form === '' && content !== '') throw token.error('content', `text that the normalizer does not remove${WHY}`);
    if (!WHITE_SPACE.test(form) || !token.boolean('lstrip') || token.boolean('rstrip')) continue;
    const other = tokens.find((entry) => entry.boolean('rstrip') && entry.boolean('normalized') === normalized);
    if (other !== undefined)
      throw token.error('lstrip', `false, because ${JSON.stringify(other.string('content'))} has rstrip${WHY}`);
  }
}
