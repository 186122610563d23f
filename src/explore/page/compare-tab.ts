/** The tab that compares two categories of a column: a difference map, questions and phrases. */
import { make } from '../../maps/viewer/make.js';
import type { CompareAnswer } from '../api-types.js';
import { textElement } from './answer-item.js';
import { getJson } from './api.js';
import { SIDE_COLOURS } from './colouring.js';
import type { Explorer } from './explorer.js';
import { formatCount, labelOf } from './facets.js';
import { sortableTable, type TableColumn } from './sortable-table.js';

type Difference = CompareAnswer['differences'][number];

export function compareTab(explorer: Explorer): HTMLElement {
  const { columns } = explorer.data;
  const by = make('select');
  by.setAttribute('aria-label', 'What is compared');
  const kinds = columns.filter(({ values }) => values.length > 1);
  if (kinds.length === 0)
    return make('p', {
      className: 'status',
      textContent: 'All answers have the same value id: there is nothing to compare',
    });
  by.append(...kinds.map(({ name }) => make('option', { value: name, textContent: labelOf(name) })));
  by.value = (kinds.find(({ name }) => name === 'model') ?? kinds[0]!).name;
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
      result.replaceChildren(phraseTable(explorer, answer), questionTable(explorer, answer));
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

/** The phrases that mark either side. A click on one opens the search for it. */
function phraseTable(explorer: Explorer, { sides, phrases }: CompareAnswer): HTMLElement {
  const rows = phrases.flatMap((list, side) => list.map((row) => ({ ...row, side })));
  const count = (side: 0 | 1) => ({
    title: make('span', {}, [swatch(side), new Text(side === 0 ? ' A' : ' B')]),
    hint: `Answers of ${sides[side]} with the phrase`,
    valueOf: ({ answers }: (typeof rows)[0]) => answers[side],
    cell: ({ answers }: (typeof rows)[0]) => formatCount(answers[side]),
  });
  return sortableTable(
    `Phrases that mark ${sides[0]} (A) or ${sides[1]} (B)`,
    [
      {
        title: 'phrase',
        valueOf: ({ phrase }) => phrase,
        cell: ({ phrase, side }) => {
          const chip = make(
            'button',
            { type: 'button', className: 'choose', title: `Marks ${sides[side]}. Search for it` },
            [swatch(side), make('span', { textContent: phrase.replaceAll('\n', '↵'), dir: 'auto' })],
          );
          chip.addEventListener('click', () => explorer.tell('search', `"${phrase.replaceAll('"', ' ')}"`));
          return chip;
        },
      },
      {
        title: 'z',
        hint: 'How sure the difference is, in standard errors',
        valueOf: ({ z }) => Math.abs(z),
        cell: ({ z }) => Math.abs(z).toFixed(1),
      },
      count(0),
      count(1),
    ],
    rows,
    1,
  );
}

const P_COLUMN: TableColumn<Difference> = {
  title: 'p',
  hint: 'Adjusted for the number of questions',
  valueOf: ({ adjustedP }) => adjustedP,
  cell: ({ adjustedP }) => (adjustedP === null ? '' : adjustedP < 0.001 ? '< 0.001' : adjustedP.toFixed(3)),
};

/** The questions that the sides answer most differently. A click on one lists its answers. */
function questionTable(explorer: Explorer, { sides, differences, hasSamples }: CompareAnswer): HTMLElement {
  const measure = ({ apart, excess }: Difference): number => (hasSamples ? excess : apart) ?? apart;
  const hasP = differences.some(({ adjustedP }) => adjustedP !== null);
  const side = (i: 0 | 1, { answers }: Difference): HTMLElement =>
    make('div', { className: 'side' }, [swatch(i), textElement('p', 'answer', answers[i])]);
  return sortableTable(
    `Questions where ${sides[0]} and ${sides[1]} differ most`,
    [
      {
        title: 'question',
        valueOf: ({ question }) => question,
        cell: (difference) => {
          const { question, row } = difference;
          const open = make('button', { type: 'button', className: 'choose', title: 'All answers to this question' }, [
            textElement('span', 'question', question),
          ]);
          open.addEventListener('click', () => explorer.tell('question', row));
          return make('div', { className: 'item' }, [open, side(0, difference), side(1, difference)]);
        },
      },
      {
        title: hasSamples ? 'excess' : 'distance',
        hint: hasSamples
          ? 'Distance of the sides beyond that of two samples of one side'
          : 'Distance between the answers of the sides',
        valueOf: measure,
        cell: (difference) => measure(difference).toFixed(3),
      },
      ...(hasP ? [P_COLUMN] : []),
    ],
    differences,
    1,
  );
}
