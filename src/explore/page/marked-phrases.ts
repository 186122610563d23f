/** Why the classifier prefers a value id: the phrases of a text that speak for it and against it, as identify --why. */
import type { Explanation, Phrase } from '../../identification/classifier/explanation.js';
import { make } from '../../maps/viewer/make.js';

/** Shows the phrases with what each adds to the score, then the text with them marked. */
export function markedPhrases(text: string, why: Explanation): HTMLElement[] {
  return [
    make('h2', { textContent: `Why ${why.valueId}` }),
    phraseList('Phrases that speak for it', why.for),
    phraseList('Phrases that speak against it', why.against),
    make('p', { className: 'marked', dir: 'auto' }, markedText(text, why)),
  ];
}

function phraseList(title: string, phrases: readonly Phrase[]): HTMLElement {
  const items = phrases.map(({ text, effect }) =>
    make('li', { className: 'bar-row' }, [
      make('span', { className: 'name', textContent: text.replaceAll('\n', '↵'), dir: 'auto' }),
      make('span', { className: 'count', textContent: (effect > 0 ? '+' : '−') + Math.abs(effect).toFixed(3) }),
    ]),
  );
  const none = phrases.length === 0 ? ': none' : ', and what each adds to its score';
  return make('div', {}, [
    make('p', { className: 'status', textContent: title + none }),
    make('ul', { className: 'bars' }, items),
  ]);
}

function markedText(text: string, why: Explanation): Node[] {
  const phrases = [
    ...why.for.map((phrase) => ({ ...phrase, tag: 'mark' as const })),
    ...why.against.map((phrase) => ({ ...phrase, tag: 'u' as const })),
  ].sort((a, b) => a.start - b.start);
  const nodes: Node[] = [];
  let rest = 0;
  for (const { start, end, tag, effect } of phrases) {
    const title = tag === 'mark' ? 'speaks for it' : 'speaks against it';
    nodes.push(
      new Text(text.slice(rest, start)),
      make(tag, { textContent: text.slice(start, end), title: `${title}: ${effect.toFixed(3)}` }),
    );
    rest = end;
  }
  nodes.push(new Text(text.slice(rest)));
  return nodes;
}
