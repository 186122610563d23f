/** Prompts: text files of messages with `{{placeholders}}`. Users can replace each file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../core/errors.js';
import { systemCode, withFileErrors } from '../core/file-errors.js';

/** The placeholders that each prompt must use, and those that it may also use. */
const PROMPTS = {
  scenarios: { needs: ['value', 'count'], may: ['part', 'parts'] },
  question: { needs: ['scenario'], may: ['value'] },
  paraphrases: { needs: ['question', 'count'], may: [] },
  translation: { needs: ['text', 'to'], may: ['from'] },
  answer: { needs: ['question'], may: ['language'] },
} as const;

/**
 * Names of the prompts, which are also the names of their files.
 *
 * @useDeclaredType
 */
export type PromptName = keyof typeof PROMPTS;
export const PROMPT_NAMES = Object.keys(PROMPTS) as PromptName[];

/** A message of a chat. */
export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The texts of the requests. */
export type Prompts = Readonly<Record<PromptName, readonly Message[]>>;

/**
 * Reads `NAME.md` for each prompt, from `own` if the file exists there, otherwise from `standard`.
 *
 * @throws EngineError `ERR_DATA` naming file and line of a mistake
 */
export async function readPrompts(standard: string, own?: string): Promise<Prompts> {
  const read = async (name: PromptName): Promise<[PromptName, Message[]]> => {
    const path = own === undefined ? undefined : join(own, `${name}.md`);
    const text = path === undefined ? undefined : await readIfThere(path);
    if (path !== undefined && text !== undefined) return [name, parsePrompt(name, text, path)];
    const file = join(standard, `${name}.md`);
    return [name, parsePrompt(name, await withFileErrors(`read ${file}`, () => readFile(file, 'utf8')), file)];
  };
  return Object.fromEntries(await Promise.all(PROMPT_NAMES.map(read))) as Record<PromptName, Message[]>;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
}

/**
 * Parses the messages of a prompt. Each starts with a line `<<system>>`, `<<user>>` or `<<assistant>>`. A text without
 * such a line is one user message.
 *
 * @param path for error messages
 * @throws EngineError `ERR_DATA` for unknown or missing placeholders and empty messages
 */
export function parsePrompt(name: PromptName, text: string, path: string): Message[] {
  const messages: Message[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    const [, role] = /^<<(system|user|assistant)>>\s*$/.exec(line) ?? [];
    if (role) messages.push({ role: role as Message['role'], content: '' });
    else if (messages.length === 0 && line.trim() !== '') messages.push({ role: 'user', content: `${line}\n` });
    else if (messages.length > 0) messages.at(-1)!.content += `${line}\n`;
    const { needs, may } = PROMPTS[name];
    for (const [, placeholder] of line.matchAll(/\{\{\s*(.*?)\s*\}\}/g)) {
      if ([...needs, ...may].some((known) => known === placeholder)) continue;
      throw new EngineError(
        'ERR_DATA',
        `${path}:${i + 1}: {{${placeholder}}} is unknown; this prompt knows ` +
          [...needs, ...may].map((known) => `{{${known}}}`).join(', '),
      );
    }
  });
  for (const message of messages) message.content = message.content.trim();
  if (!messages.some(({ role }) => role === 'user'))
    throw new EngineError('ERR_DATA', `${path}: the prompt has no user message`);
  if (messages.some(({ content }) => content === ''))
    throw new EngineError('ERR_DATA', `${path}: a message of the prompt is empty`);
  for (const needed of PROMPTS[name].needs) {
    if (messages.some(({ content }) => new RegExp(`\\{\\{\\s*${needed}\\s*\\}\\}`).test(content))) continue;
    throw new EngineError('ERR_DATA', `${path}: the prompt does not use {{${needed}}}`);
  }
  return messages;
}

/** Fills in every placeholder of the messages. Values that look like placeholders stay unchanged. */
export function fillPrompt(messages: readonly Message[], values: Readonly<Record<string, string | number>>): Message[] {
  return messages.map(({ role, content }) => ({
    role,
    content: content.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? String(values[name]) : whole,
    ),
  }));
}
