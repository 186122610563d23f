/** The browser code of the page at `/`. It adds texts from the server to the page only as text nodes. */
export const PAGE_SCRIPT = String.raw`
'use strict';
const $ = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

async function call(method, path, body) {
  const headers = {};
  if ($('key').value) headers.authorization = 'Bearer ' + $('key').value;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const begin = performance.now();
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await response.json();
  $('raw').textContent = JSON.stringify(answer, null, 2);
  $('status').textContent = response.status + ' in ' + Math.round(performance.now() - begin) + ' ms';
  if (!response.ok) throw new Error(answer.error ? answer.error.message : 'HTTP ' + response.status);
  return answer;
}

function table(head, rows) {
  const element = make('table');
  const top = element.createTHead().insertRow();
  for (const cell of head) top.append(make('th', cell));
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) line.insertCell().append(cell instanceof Node ? cell : document.createTextNode(cell));
  }
  return element;
}

function bar(share) {
  const meter = make('meter');
  meter.value = share;
  meter.title = percent(share);
  return meter;
}

const answers = (neighbours) =>
  table(['distance', 'value id', 'answer'], neighbours.map((n) => {
    const words = make('div');
    words.append(make('div', n.question, 'question'), make('div', n.answer));
    return [n.distance.toFixed(3), n.valueId, words];
  }));

const percent = (share) => (100 * share).toFixed(1) + ' %';

/** Probabilities of the value ids and, in its place by size, that of none of them. */
function probabilities({ unknown, ranking }) {
  const rows = ranking.map(({ valueId, probability }) => ({ name: valueId, probability }));
  if (unknown !== null) rows.push({ name: 'none of these', probability: unknown });
  rows.sort((a, b) => b.probability - a.probability);
  const isNone = unknown !== null && ranking.every(({ probability }) => probability <= unknown);
  const first = ranking.length > 0 ? 'Most probable value id: ' + ranking[0].valueId : 'No value id matches.';
  return [
    make('p', isNone ? 'No value id fits: most probably, none of them wrote this.' : first, 'verdict'),
    table(['value id', 'probability', ''], rows.map((r) => [r.name, percent(r.probability), bar(r.probability)])),
  ];
}

/** The text with the phrases that speak for and against a value id. */
function reasons(text, why) {
  const words = make('p', undefined, 'why');
  const phrases = [
    ...why.for.map((phrase) => ({ ...phrase, tag: 'mark' })),
    ...why.against.map((phrase) => ({ ...phrase, tag: 'u' })),
  ].sort((a, b) => a.start - b.start);
  let position = 0;
  for (const { start, end, effect, tag } of phrases) {
    const phrase = make(tag, text.slice(start, end));
    phrase.title = effect.toFixed(3);
    words.append(text.slice(position, start), phrase);
    position = end;
  }
  words.append(text.slice(position));
  return [make('h2', 'Why: marked phrases speak for ' + why.valueId + ', underlined ones against it'), words];
}

/** Classifies the paragraphs of the text together. */
async function classifyTogether() {
  const texts = $('text').value.split(/\n\s*\n/).filter((text) => text.trim() !== '');
  const { together } = await call('POST', '/v1/identify', { ...query(), texts, together: true, k: 1, evidence: 0 });
  const count = texts.length + (texts.length === 1 ? ' text' : ' texts') + ' of one author';
  return [make('p', count), ...probabilities(together)];
}

const text = () => ($('question').value ? { question: $('question').value, answer: $('text').value } : $('text').value);

const namesIn = (id) => {
  const names = $(id).value.split(',').map((name) => name.trim()).filter((name) => name !== '');
  return names.length > 0 ? names : undefined;
};
const query = () => {
  const filter = { model: namesIn('models'), lang: namesIn('langs') };
  return { texts: [text()], filter: filter.model || filter.lang ? filter : undefined };
};
const note = ({ matching }) => {
  if (matching === undefined) return [];
  return [make('p', 'The filter matches ' + matching + (matching === 1 ? ' answer.' : ' answers.'))];
};

const ACTIONS = {
  identify: async () => {
    if ($('together').checked) return classifyTogether();
    const why = $('why').checked || undefined;
    const answer = await call('POST', '/v1/identify', { ...query(), evidence: 5, why });
    const { results: [result], k } = answer;
    const ranking = table(
      ['value id', 'votes of ' + k, '', 'mean distance'],
      result.ranking.slice(0, 10).map((r) => [r.valueId, String(r.votes), bar(r.share), r.meanDistance.toFixed(3)]),
    );
    return [
      ...note(answer),
      ...(result.classification ? probabilities(result.classification) : []),
      ...(result.why ? reasons($('text').value, result.why) : []),
      ...(result.classification ? [make('h2', 'Votes of the nearest answers')] : []),
      ranking,
      make('h2', 'Nearest answers'),
      answers(result.evidence),
    ];
  },
  search: async () => {
    const answer = await call('POST', '/v1/search', { ...query(), answers: true });
    return [...note(answer), answers(answer.results[0].neighbours)];
  },
  embed: async () => {
    const { data: [{ embedding }], usage } = await call('POST', '/v1/embeddings', { input: $('text').value });
    const first = embedding.slice(0, 6).map((x) => x.toFixed(4)).join(', ');
    return [make('p', embedding.length + ' entries, ' + usage.total_tokens + ' tokens: ' + first + ', ...')];
  },
};

for (const [name, action] of Object.entries(ACTIONS)) {
  $(name).addEventListener('click', async () => {
    $('result').replaceChildren(make('p', 'Working ...'));
    try {
      $('result').replaceChildren(...(await action()));
    } catch (error) {
      $('result').replaceChildren(make('p', error.message, 'error'));
    }
  });
}

async function listRoutes() {
  const { paths } = await (await fetch('/openapi.json')).json();
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => [method.toUpperCase() + ' ' + path, summary || '']),
  );
  $('routes').replaceChildren(table(['route', ''], rows));
}
void listRoutes();
`;
