/** The choice of what decides the colours: a column, a number, the probability of a value id, or a distance. */
import { make } from '../../maps/viewer/make.js';
import type { ProbabilitiesState } from '../api-types.js';
import { getBytes, getJson } from './api.js';
import type { Colouring, NumberColouring } from './colouring.js';
import type { Explorer } from './explorer.js';
import { formatCount, labelOf } from './facets.js';

/** Entries of the list for the probability of the value id of each answer, and of one that is chosen beside it. */
const OWN = 'p:';
const ONE = 'p:*';
/** Begins the name of the distance to an answer, which its row ends. */
const DISTANCE = 'd:';
const POLL_MS = 1500;

/** The name of the colours by the distance to an answer. */
export function distanceName(row: number): string {
  return `${DISTANCE}${row}`;
}

export function colourBy(explorer: Explorer): HTMLElement {
  const { columns, numbers } = explorer.data;
  const list = make('select', { id: 'colour-by' });
  columns.forEach(({ name }) => list.append(make('option', { value: name, textContent: labelOf(name) })));
  numbers.forEach(({ name }, i) => {
    list.append(make('option', { value: `#${i}`, textContent: `${labelOf(name)} (number)` }));
  });
  list.append(
    make('option', { value: OWN, textContent: 'probability of its own value id' }),
    make('option', { value: ONE, textContent: 'probability of one value id' }),
  );
  const other = make('option', { value: '', hidden: true });
  list.append(other);
  const ids = make('select', { id: 'colour-id', hidden: true });
  ids.setAttribute('aria-label', 'Value id whose probability decides the colours');
  ids.append(...columns[0]!.values.map((value) => make('option', { value, textContent: value })));
  const note = make('p', { className: 'status', hidden: true });
  note.setAttribute('role', 'status');
  const scale = make('div', { className: 'scale', hidden: true }, [
    make('span'),
    make('span', { className: 'ramp' }),
    make('span'),
  ]);
  let run = 0;
  const say = (text: string): void => {
    note.textContent = text;
    note.hidden = text === '';
  };
  const refresh = (): void => {
    const { colouring } = explorer;
    scale.hidden = colouring.kind !== 'number';
    ids.hidden = true;
    if (colouring.kind === 'category') list.value = columns[colouring.column]!.name;
    else if (colouring.kind === 'sides') {
      other.textContent = 'the sides that are compared';
      list.value = '';
    } else {
      const { name, label, least, most, isReversed } = colouring;
      const isOne = name.startsWith(OWN) && name !== OWN;
      other.textContent = label;
      list.value = isOne ? ONE : name.startsWith(DISTANCE) ? '' : name;
      ids.hidden = !isOne;
      if (isOne) ids.value = name.slice(OWN.length);
      scale.firstChild!.textContent = shortNumber(isReversed ? most : least);
      scale.lastChild!.textContent = shortNumber(isReversed ? least : most);
    }
  };
  const choose = async (name: string, range?: readonly [number, number]): Promise<void> => {
    const own = ++run;
    const wait = (text: string): boolean => {
      if (own === run) say(text);
      return own === run;
    };
    say('');
    try {
      const colouring = name.startsWith(OWN)
        ? await probabilityColouring(name, wait)
        : name.startsWith(DISTANCE)
          ? await distanceColouring(explorer, name)
          : colouringOf(explorer, name);
      if (!colouring || own !== run) return;
      say('');
      explorer.setColouring(colouring, range);
    } catch (error) {
      if (own !== run) return;
      refresh(); // the colours stay as they are
      say(error instanceof Error ? error.message : String(error));
    }
  };
  list.addEventListener('change', () => void choose(list.value === ONE ? OWN + ids.value : list.value));
  ids.addEventListener('change', () => void choose(OWN + ids.value));
  explorer.on('colour', ({ name, range }) => void choose(name, range));
  explorer.on('colouring', refresh);
  refresh();
  return make('div', {}, [
    make('label', { className: 'field', textContent: 'Colour by ' }, [list]),
    make('div', { className: 'field' }, [ids]),
    note,
    scale,
  ]);
}

function shortNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Returns the colouring that an entry of the list names; the first column for an unknown name. */
function colouringOf({ data, filters }: Explorer, name: string): Colouring {
  const { columns, numbers, numberOf } = data;
  const number = name.startsWith('#') ? Number(name.slice(1)) : -1;
  if (numbers[number]) {
    const { least, most } = filters.bins[number]!;
    return { kind: 'number', name, label: numbers[number].name, valueOf: numberOf[number]!, least, most };
  }
  const column = columns.findIndex((one) => one.name === name);
  return { kind: 'category', column: Math.max(0, column) };
}

/**
 * Loads the probabilities of the value id that `name` ends with, or of each answer's own one. Waits until they are
 * computed, as long as `onWait` returns true.
 *
 * @throws Error that says why there are none
 */
async function probabilityColouring(
  name: string,
  onWait: (text: string) => boolean,
): Promise<NumberColouring | undefined> {
  for (;;) {
    const state = await getJson<ProbabilitiesState>('/v1/explore/probabilities');
    if (state.state === 'unavailable') throw new Error(`There are no probabilities. ${state.message}`);
    if (state.state === 'ready') break;
    if (
      !onWait(
        `The probabilities are being computed: ${formatCount(state.done)} of ${formatCount(state.total)} ${state.step}`,
      )
    )
      return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const id = name.slice(OWN.length);
  const values = new Float32Array(await getBytes('/v1/explore/probabilities/rows', id === '' ? {} : { id }));
  const label = `probability of ${id === '' ? 'its own value id' : id}`;
  return { kind: 'number', name, label, valueOf: (row) => values[row]!, least: 0, most: 1 };
}

/** Loads the distances of all answers to the one that `name` ends with. @throws Error for an unknown row */
async function distanceColouring(explorer: Explorer, name: string): Promise<NumberColouring> {
  const row = Number(name.slice(DISTANCE.length));
  const distances = new Float32Array(await getBytes('/v1/explore/distances', { row }));
  const most = distances.reduce((best, distance) => Math.max(best, distance), 0);
  const label = `distance to an answer of ${explorer.valueIdOf(row)}`;
  return { kind: 'number', name, label, valueOf: (other) => distances[other]!, least: 0, most, isReversed: true };
}
