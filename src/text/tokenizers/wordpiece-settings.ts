/**
 * Reads tokenizer.json, the format of the Rust package `tokenizers`, for WordPiece models. Respects every setting that
 * affects ids. Reports unsupported kinds by name, and damage as an error with its location.
 *
 * The sections `truncation` and `padding` are ignored: packed ids need no padding, and the length limit is the caller's
 * `maxTokens`. `decoder` does not matter for encoding.
 */

import { describe } from '../../core/validate.js';
import type { AddedTokenSettings, WordPieceSettings } from '../../native/tokenizer.js';
import type { Section } from './section.js';
import type { TokenizerFile } from './tokenizer-file.js';
import { parseVocabularyFile } from './vocabulary-file.js';

const MAX_ID = 2 ** 31 - 1;

/** The reason why the native tokenizer does not support an undamaged tokenizer.json. */
export interface UnsupportedTokenizer {
  /** The unsupported setting, for example `model.type "BPE"`. */
  unsupported: string;
}

/**
 * Reads the settings of a WordPiece tokenizer, or returns the reason why the file is another kind.
 *
 * @throws EngineError `ERR_DATA` naming the file and the setting
 */
export function readWordPieceSettings(file: TokenizerFile): WordPieceSettings | UnsupportedTokenizer {
  const unsupported = findUnsupported(file);
  if (unsupported !== undefined) return { unsupported };
  return 'json' in file ? readSettings(file.json) : parseVocabularyFile(file);
}

/** Finds the first setting that the native tokenizer does not support, for example `model.type "BPE"`. */
export function findUnsupported(file: TokenizerFile): string | undefined {
  if (!('json' in file)) return undefined;
  const root = file.json;
  const supported: Record<string, readonly (string | null)[]> = {
    model: ['WordPiece'],
    normalizer: ['BertNormalizer', null],
    pre_tokenizer: ['BertPreTokenizer'],
    post_processor: ['TemplateProcessing', 'BertProcessing', null],
  };
  if (root.value('version') !== '1.0') return `version ${describe(root.value('version'))}`;
  for (const [name, types] of Object.entries(supported)) {
    const section = root.optionalSection(name);
    const type = section === undefined ? null : section.string('type');
    if (!types.includes(type)) return type === null ? `a missing ${name}` : `${name}.type "${type}"`;
  }
  const processor = root.optionalSection('post_processor');
  if (processor?.value('type') !== 'TemplateProcessing') return undefined;
  const sequences = processor.sections('single').filter((piece) => piece.value('Sequence') !== undefined);
  const names = sequences.map((piece) => piece.section('Sequence').string('id'));
  return names.length === 1 && names[0] === 'A'
    ? undefined
    : `post_processor.single with sequences [${names.join(', ')}]`;
}

function readSettings(root: Section): WordPieceSettings {
  const model = root.section('model');
  const vocabulary = new Map<string, number>();
  const vocab = model.section('vocab');
  for (const token of vocab.keys()) vocabulary.set(token, vocab.integer(token, 0, MAX_ID));
  const unknown = model.string('unk_token');
  const unknownId = vocabulary.get(unknown);
  if (unknownId === undefined) throw model.error('unk_token', 'a token of the vocabulary');
  return {
    vocabulary,
    unknownId,
    continuingSubwordPrefix: model.string('continuing_subword_prefix'),
    maxWordChars: model.integer('max_input_chars_per_word', 0, Number.MAX_SAFE_INTEGER),
    normalizer: readNormalizer(root.optionalSection('normalizer')),
    addedTokens: readAddedTokens(root, vocabulary),
    ...readPostProcessor(root.optionalSection('post_processor')),
  };
}

function readNormalizer(section: Section | undefined): WordPieceSettings['normalizer'] {
  if (!section) return { cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false };
  const lowercase = section.boolean('lowercase');
  const stripAccents = section.value('strip_accents');
  return {
    cleanText: section.boolean('clean_text'),
    handleChineseChars: section.boolean('handle_chinese_chars'),
    // If not set, accents are stripped if the text is lower-cased.
    stripAccents: stripAccents === null || stripAccents === undefined ? lowercase : section.boolean('strip_accents'),
    lowercase,
  };
}

function readAddedTokens(root: Section, vocabulary: ReadonlyMap<string, number>): AddedTokenSettings[] {
  const tokens = new Map<number, AddedTokenSettings>();
  const known = new Map<string, number>();
  // The reference ignores the declared id: a token that is not in the vocabulary gets the next free one.
  let nextId = vocabulary.size;
  for (const section of root.value('added_tokens') === undefined ? [] : root.sections('added_tokens')) {
    const content = section.string('content');
    const declared = section.integer('id', 0, MAX_ID);
    if (content === '') continue;
    const id = known.get(content) ?? vocabulary.get(content) ?? nextId++;
    if (id !== declared) throw section.error('id', `${id}, the id of ${JSON.stringify(content)} in this vocabulary,`);
    known.set(content, id);
    tokens.set(id, {
      content,
      id,
      singleWord: section.boolean('single_word'),
      lstrip: section.boolean('lstrip'),
      rstrip: section.boolean('rstrip'),
      normalized: section.boolean('normalized'),
      special: section.boolean('special'),
    });
  }
  return [...tokens.values()];
}

function readPostProcessor(section: Section | undefined): Pick<WordPieceSettings, 'before' | 'after'> {
  if (!section) return { before: [], after: [] };
  if (section.value('type') === 'BertProcessing') {
    return { before: [section.tokenWithId('cls', MAX_ID)], after: [section.tokenWithId('sep', MAX_ID)] };
  }
  const before: number[] = [];
  const after: number[] = [];
  let target = before;
  for (const piece of section.sections('single')) {
    if (piece.value('Sequence') !== undefined) {
      target = after;
      continue;
    }
    const name = piece.section('SpecialToken').string('id');
    target.push(...section.section('special_tokens').section(name).integers('ids', 0, MAX_ID));
  }
  return { before, after };
}
