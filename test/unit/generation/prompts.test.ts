import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { GENERATION_DATA } from '../../../src/generation/data-folder.js';
import { fillPrompt, parsePrompt, readPrompts } from '../../../src/generation/prompts.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('prompts', () => {
  it('come with the package, and can be replaced file by file', async () => {
    const own = temporaryFolder();
    writeFileSync(join(own, 'answer.md'), 'Please answer: {{question}}\n');
    const prompts = await readPrompts(join(GENERATION_DATA, 'prompts'), own);
    expect(prompts.answer).toEqual([{ role: 'user', content: 'Please answer: {{question}}' }]);
    expect(prompts.scenarios.map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it('fill in every placeholder once', () => {
    const messages = parsePrompt('translation', '<<system>>\nFrom {{from}}\n<<user>>\n{{ text }} into {{to}}\n', 'p');
    expect(fillPrompt(messages, { from: 'A', to: 'B', text: '{{to}} $& {{nothing}}' })).toEqual([
      { role: 'system', content: 'From A' },
      { role: 'user', content: '{{to}} $& {{nothing}} into B' },
    ]);
  });

  it.each([
    ['{{question}} {{qestion}}', /p\.md:1: \{\{qestion\}\} is unknown; this prompt knows \{\{question\}\}/],
    ['a\nb {{lang}}', /p\.md:2: /],
    ['nothing', /does not use \{\{question\}\}/],
    ['<<system>>\n{{question}}', /no user message/],
    ['<<user>>\n{{question}}\n<<assistant>>\n', /empty/],
    ['', /no user message/],
  ])('reject %j', (text, message) => {
    expect(() => parsePrompt('answer', text, 'p.md')).toThrow(message);
  });
});
