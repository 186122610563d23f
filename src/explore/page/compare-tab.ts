/** The tab that compares two models, languages or value ids: a difference map, questions and phrases. */
import { make } from '../../maps/viewer/make.js';
import type { CompareAnswer, PhraseRow } from '../api-types.js';
import { textElement } from './answer-item.js';
import { getJson } from './api.js';
import { SIDE_COLOURS } from './colouring.js';
import type { Explorer } from './explorer.js';
import { formatCount, labelOf } from './facets.js';

const KINDS = ['model', 'lang', 'value-id'] as const;

export function compareTab(explorer: Explorer): HTMLElement {
  const { columns } = explorer.data;
  const by = make('select');
  by.setAttribute('aria-label', 'What is compared');
  for (const name of KINDS) by.append(make('option', { value: name, textContent: labelOf(name) }));
  const sides = [make('select'), make('select')] as const;
  sides.forEach((side, i) => side.setAttribute('aria-label', `Side ${i === 0 ? 'A' : 'B'}`));
  const button = make('button', { type: 'button', textContent: 'Compare' });
  const status = make('p', { className: 'status' });
  status.setAttribute('role', 'status');
  const result = make('div');
  const columnOf = (): number => columns.findIndex(({ name }) => name === by.value);
  const fill = (): void => {
    const { values } = columns[columnOf()]!;
    const counts = explorer.filters.counts[columnOf()]!;
    const bySize = [...values.keys()].sort((a, b) => counts[b]! - counts[a]!);
    for (const [i, side] of sides.entries()) {
      side.replaceChildren(...values.map((value) => make('option', { value, textContent: value })));
      side.value = values[bySize[i] ?? 0]!;
    }
  };
  by.addEventListener('change', fill);
  fill();
  const compare = async (): Promise<void> => {
    const column = columnOf();
    const names = sides.map(({ value }) => value) as [string, string];
    const { values } = columns[column]!;
    explorer.setColouring({ kind: 'sides', column, sides: [values.indexOf(names[0]), values.indexOf(names[1])] });
    status.textContent = 'Comparing …';
    result.replaceChildren();
    try {
      const parameters = { by: by.value, a: names[0], b: names[1] };
      const answer = await getJson<CompareAnswer>('/v1/explore/compare', parameters);
      const drawn = answer.isSample ? ' (questions were drawn)' : '';
      const counts = [answer.answers, answer.questions].map(formatCount);
      status.textContent = `${counts[0]} answers of each side to ${counts[1]} common questions${drawn}`;
      result.replaceChildren(...describe(explorer, answer));
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  button.addEventListener('click', () => void compare());
  return make('div', {}, [
    make('div', { className: 'stack' }, [
      by,
      ...sides.map((side, i) => make('label', { className: 'field' }, [swatch(i), side])),
      button,
      status,
    ]),
    result,
  ]);
}

function swatch(side: number): HTMLElement {
  const element = make('span', { className: 'swatch' });
  element.style.background = SIDE_COLOURS[side]!;
  return element;
}

function describe(explorer: Explorer, { sides, differences, hasSamples, phrases }: CompareAnswer): HTMLElement[] {
  const measure = hasSamples ? 'beyond two samples of one side' : 'distance';
  const items = differences.map(({ question, apart, excess, adjustedP, answers, row }) => {
    const value = (hasSamples ? excess : apart) ?? apart;
    const p = adjustedP === null ? '' : `, p ${adjustedP < 0.001 ? '< 0.001' : `= ${adjustedP.toFixed(3)}`}`;
    const open = make('button', { type: 'button', className: 'choose', title: 'All answers to this question' }, [
      make('strong', { textContent: `${value.toFixed(3)}${p}` }),
    ]);
    open.addEventListener('click', () => explorer.tell('question', row));
    const side = (i: 0 | 1): HTMLElement =>
      make('div', { className: 'side' }, [swatch(i), textElement('p', 'answer', answers[i])]);
    return make('li', { className: 'item' }, [open, textElement('p', 'question', question), side(0), side(1)]);
  });
  return [
    ...([0, 1] as const).flatMap((i) => [
      make('h2', {}, [swatch(i), new Text(` Phrases that mark ${sides[i]}`)]),
      phraseList(explorer, phrases[i], i),
    ]),
    make('h2', { textContent: `Questions where they differ most (${measure})` }),
    make('ul', { className: 'items' }, items),
  ];
}

/** Phrases as buttons; a click opens the search for it. */
function phraseList(explorer: Explorer, phrases: readonly PhraseRow[], side: 0 | 1): HTMLElement {
  if (phrases.length === 0) return make('p', { className: 'status', textContent: 'none' });
  const items = phrases.map(({ phrase, answers }) => {
    const chip = make('button', {
      type: 'button',
      textContent: phrase.replaceAll('\n', '↵'),
      dir: 'auto',
      title: `in ${formatCount(answers[side])} answers, and in ${formatCount(answers[1 - side]!)} of the other side`,
    });
    chip.addEventListener('click', () => explorer.tell('search', `"${phrase.replaceAll('"', ' ')}"`));
    return make('li', {}, [chip]);
  });
  return make('ul', { className: 'chips' }, items);
}
