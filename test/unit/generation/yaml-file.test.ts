import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { EngineError } from '../../../src/core/errors.js';
import { projectSchema } from '../../../src/generation/project-schema.js';
import { checkYaml } from '../../../src/generation/yaml-file.js';

const GOOD = `name: x
values: [Honesty]
endpoints:
  a: { kind: chat, url: "http://localhost/v1" }
models:
  - id: m
    endpoint: a
generator: m
`;

function mistakesOf(text: string): string[] {
  try {
    checkYaml('p.yaml', text, projectSchema);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_DATA' });
    return (error as EngineError).message.split('\n');
  }
}

describe('checkYaml', () => {
  it('fills in the defaults of the paper', () => {
    const { value } = checkYaml('p.yaml', GOOD, projectSchema);
    expect(value).toMatchObject({
      scenarios: { perValue: 50 },
      paraphrases: { perQuestion: 4 },
      registry: 'paper',
      endpoints: { a: { concurrency: 4, retries: 6 } },
    });
  });

  it.each([
    [
      GOOD.replace('name: x', 'nmae: x'),
      ['p.yaml:1: name: is missing; expected string', 'p.yaml:1: nmae: is not a setting'],
    ],
    [GOOD.replace('[Honesty]', '3'), ['p.yaml:2: values: expected "reference", a file name, or a list of values']],
    [
      GOOD.replace('kind: chat', 'kind: chatt'),
      ['p.yaml:4: endpoints.a.kind: expected a known kind: chat, libretranslate or apertium'],
    ],
    [
      GOOD.replace('    endpoint: a', '    endpoint: 7'),
      ['p.yaml:6: models[0]: expected the id of a model, or a model with an id'],
    ],
    [`${GOOD}languages: [eng, es]\n`, ['p.yaml:9: languages[1]: expected a language as ISO 639-3, for example eng']],
    [
      `${GOOD}answers:\n  temperature: hot\n  drop: [bad]\n`,
      [
        'p.yaml:10: answers.temperature: expected number, got "hot"',
        'p.yaml:11: answers.drop[0]: expected one of empty, wrong-language, truncated, repetitive, refusal, got "bad"',
      ],
    ],
    [
      `${GOOD}seed: -1\nbudget: { usd: 0 }\n`,
      ['p.yaml:9: seed: expected at least 0, got -1', 'p.yaml:10: budget.usd: expected at least 0, got 0'],
    ],
    ['', ['p.yaml:1: expected object, got null']],
  ])('reports mistake, line and path: %#', (text, mistakes) => {
    expect(mistakesOf(text)).toEqual(mistakes);
  });

  it('reports the line of a YAML syntax error', () => {
    expect(mistakesOf('name: x\nvalues: [a\nmodels: }')[0]).toMatch(/^p\.yaml:[23]: /);
    expect(mistakesOf('a: &a [*a, *a]\n')[0]).toMatch(/^p\.yaml/);
  });

  it('fails only with messages, for any content', () => {
    const piece = fc.constantFrom(
      'name',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      '&a',
      '*a',
      '!!js',
      '|',
      '>',
      '#',
      '---\n',
      '\t',
      'é',
      '?',
      '<<',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 25 }).map((parts) => parts.join('')),
        (text) => {
          for (const line of mistakesOf(text)) expect(line.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
