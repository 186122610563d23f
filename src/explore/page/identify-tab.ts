/** The tab that identifies whose values a text expresses, and shows where on the map it would be. */
import type { Explanation } from '../../identification/classifier/explanation.js';
import { make } from '../../maps/viewer/make.js';
import type { ExploreRecord, NeighbourRow } from '../api-types.js';
import { answerItem } from './answer-item.js';
import { postJson } from './api.js';
import type { Explorer } from './explorer.js';
import { markedPhrases } from './marked-phrases.js';

const EVIDENCE = 10;
const CANDIDATES = 8;

interface Identified {
  k: number;
  results: {
    why?: Explanation;
    classification?: { unknown: number | null; ranking: { valueId: string; probability: number }[] };
    ranking: { valueId: string; votes: number; share: number }[];
    neighbours: NeighbourRow[];
    evidence: (NeighbourRow & { valueId: string; qid: string; question: string; answer: string })[];
  }[];
}

export function identifyTab(explorer: Explorer): HTMLElement {
  const question = make('input', { placeholder: 'Question (optional)', autocomplete: 'off' });
  question.setAttribute('aria-label', 'Question that the text answers');
  const text = make('textarea', { rows: 7, placeholder: 'A text, for example an answer of an unknown model' });
  text.setAttribute('aria-label', 'Text to identify');
  const button = make('button', { type: 'button', textContent: 'Identify' });
  const status = make('p', { className: 'status' });
  status.setAttribute('role', 'status');
  const result = make('div');
  const identify = async (): Promise<void> => {
    status.textContent = 'Working …';
    const answer = text.value;
    const asked = question.value.trim() === '' ? answer : { question: question.value, answer };
    try {
      const identified = await postJson<Identified>('/v1/identify', {
        texts: [asked],
        evidence: EVIDENCE,
        candidates: CANDIDATES,
        ...(explorer.data.classifier && { why: true }),
      });
      status.textContent = '';
      show(answer, identified);
    } catch (error) {
      result.replaceChildren();
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  const show = (asked: string, { k, results: [found] }: Identified): void => {
    const { classification, why, ranking, neighbours, evidence } = found!;
    explorer.tell('spot', explorer.placeAmong(neighbours));
    const parts: HTMLElement[] = [];
    if (classification) {
      const rows = classification.ranking.map(({ valueId, probability }) => ({ name: valueId, share: probability }));
      if (classification.unknown !== null) rows.push({ name: 'none of these', share: classification.unknown });
      rows.sort((a, b) => b.share - a.share);
      parts.push(make('h2', { textContent: 'Probabilities' }), shares(rows));
    }
    if (why) parts.push(...markedPhrases(asked, why));
    const votes = ranking.slice(0, CANDIDATES).map(({ valueId, share }) => ({ name: valueId, share }));
    parts.push(
      make('h2', { textContent: `Votes of the ${k} nearest answers` }),
      shares(votes),
      make('h2', { textContent: 'Nearest answers' }),
      make(
        'ul',
        { className: 'items' },
        evidence.map((entry) => answerItem(explorer, recordOf(entry), { note: entry.distance.toFixed(3) })),
      ),
    );
    result.replaceChildren(...parts);
  };
  button.addEventListener('click', () => void identify());
  return make('div', {}, [make('div', { className: 'stack' }, [question, text, button, status]), result]);
}

function recordOf({ row, valueId, qid, question, answer }: Identified['results'][0]['evidence'][0]): ExploreRecord {
  const at = valueId.lastIndexOf('$');
  return { row, qid, question, answer, isCut: false, model: valueId.slice(0, at), lang: valueId.slice(at + 1) };
}

/** Bars of shares with their names. */
function shares(rows: readonly { name: string; share: number }[]): HTMLElement {
  const items = rows.map(({ name, share }) => {
    const fill = make('span', { className: 'fill' });
    fill.style.width = `${100 * share}%`;
    return make('li', { className: 'bar-row' }, [
      fill,
      make('span', { className: 'name', textContent: name, dir: 'auto' }),
      make('span', { className: 'count', textContent: `${(100 * share).toFixed(1)} %` }),
    ]);
  });
  return make('ul', { className: 'bars' }, items);
}
