/** Parses every command of the documentation with the real command line, and runs none. */
import { existsSync, readFileSync } from 'node:fs';

import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { createContext } from '../../../src/cli/context.js';
import { createProgram } from '../../../src/cli/program.js';
import { type Block, ROOT, readPages } from '../../support/markdown-pages.js';
import { commandsOf } from '../../support/shell-blocks.js';

/** Languages of blocks; a block without one is output, or text that no program reads. */
const LANGUAGES = ['', 'sh', 'ts', 'py', 'json', 'yaml'];
/** Programs of the system that the documentation calls. */
const PROGRAMS = ['cd', 'cp', 'curl', 'gunzip', 'head', 'mkdir', 'python3', 'sh', 'tar'];

const blocks = readPages().flatMap((page) => page.blocks);
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { scripts: Record<string, string> };

describe('the blocks of the documentation', () => {
  let program: Command;
  let parsed: number;
  let said: string;

  /** Sets every command to count its calls instead of working, and to throw where it would end the process. */
  function disarm(command: Command): void {
    command.exitOverride().configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
    if (command.commands.length === 0) {
      command.action(() => {
        parsed++;
      });
    }
    command.commands.forEach(disarm);
  }

  beforeAll(async () => {
    program = await createProgram(undefined, createContext({ signal: new AbortController().signal, exitCode: 0 }));
    disarm(program);
  });

  /** Says what is wrong with a command; undefined: nothing. */
  async function fault(words: readonly string[]): Promise<string | undefined> {
    const [first = '', ...args] = words.filter((word) => !/^[A-Z_]+=/.test(word)); // without variables before it
    if (first === 'npx') return fault(args);
    if (first === 'univar') {
      parsed = 0;
      said = '';
      await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => (said ||= String(error)));
      return parsed === 1 || args.includes('--help') ? undefined : said || 'No command ran';
    }
    if (first === 'npm') {
      const [verb = '', script = ''] = args.filter((arg) => !arg.startsWith('-'));
      if (verb === 'run') return script in scripts ? undefined : `package.json has no script ${script}`;
      return ['test', 'install', 'ci'].includes(verb) ? undefined : `Unknown: npm ${verb}`;
    }
    if (first === 'node') return existsSync(`${ROOT}/${args[0] ?? ''}`) ? undefined : 'No such file';
    return PROGRAMS.includes(first) ? undefined : `Unknown program: ${first}`;
  }

  const faultsOf = async (language: string, check: (block: Block) => Promise<string[]>): Promise<string[]> => {
    const found: string[] = [];
    for (const block of blocks.filter((one) => one.language === language))
      found.push(...(await check(block)).map((reason) => `${block.place}: ${reason}`));
    return found;
  };

  it('have a language that is checked', () => {
    expect(blocks.filter(({ language }) => !LANGUAGES.includes(language)).map(({ place }) => place)).toEqual([]);
  });

  it('have the language sh if they are commands', () => {
    const commands = blocks.filter(
      ({ language, content }) => language === '' && /^(\$ )?(npx |npm |node |curl |univar )/m.test(content),
    );
    expect(commands.map(({ place }) => place)).toEqual([]);
  });

  it('have commands and options that exist', async () => {
    const faults = await faultsOf('sh', async ({ content }) => {
      const reasons: string[] = [];
      for (const words of commandsOf(content)) {
        const reason = await fault(words);
        if (reason !== undefined) reasons.push(`${words.join(' ')}: ${reason.trim().split('\n')[0] ?? ''}`);
      }
      return reasons;
    });
    expect(faults).toEqual([]);
  });

  it('name commands and options that exist in sentences too', () => {
    const faults = readPages().flatMap(({ inline }) =>
      inline
        .filter(({ content }) => content.startsWith('univar '))
        .flatMap(({ place, content }) => {
          const words = content.split(/\s+/).slice(1);
          let command: Command = program;
          while (command.commands.length > 0 && /^[a-z]/.test(words[0] ?? '')) {
            const next = command.commands.find((one) => one.name() === words[0]);
            if (!next) return [`${place}: ${content}: no command ${words[0] ?? ''}`];
            command = next;
            words.shift();
          }
          const flags = ['--help', '--verbose', '--version', ...command.options.map(({ long }) => long)];
          const unknown = words.find((word) => word.startsWith('--') && !flags.includes(word.replace(/=.*/, '')));
          return unknown === undefined ? [] : [`${place}: ${content}: no option ${unknown}`];
        }),
    );
    expect(faults).toEqual([]);
  });

  it.each([
    { language: 'json', read: JSON.parse as (text: string) => unknown },
    { language: 'yaml', read: parse as (text: string) => unknown },
  ])('have valid $language', async ({ language, read }) => {
    const faults = await faultsOf(language, ({ content }) => {
      try {
        read(content);
        return Promise.resolve([]);
      } catch (error) {
        return Promise.resolve([String(error)]);
      }
    });
    expect(faults).toEqual([]);
  });
});
