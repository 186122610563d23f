import type { RowLabels } from '../core/row-labels.js';
import type { Dataset } from '../datasets/dataset.js';
import { type ModelTable, mapColumns } from '../maps/map-columns.js';
import type { MapColumn, Region } from '../maps/value-map.js';
import type { NumberColumn } from './api-types.js';
import type { DerivedFolder } from './derived/derived-folder.js';
import { type Layout, type LayoutSettings, loadLayout } from './layout.js';
import { loadRegions } from './load-regions.js';
import { FoldProbabilities } from './probabilities/fold-probabilities.js';
import { loadRowColumns, type RowColumns } from './row-columns.js';
import { TextSearch } from './text-search/text-search.js';

/** Steps of the preparation and their units: rows, epochs, or answers. */
export type ExplorationStep = 'search' | 'layout' | 'place' | 'columns' | 'labels';

export interface ExplorationOptions {
  title: string;
  settings: LayoutSettings;
  models?: ModelTable | undefined;
  folder: DerivedFolder;
  note: (text: string) => void;
  signal: AbortSignal | undefined;
  onProgress: (step: ExplorationStep, done: number, total: number) => void;
}

/** Everything that the page for exploration shows of a dataset and that does not change while it is open. */
export class Exploration {
  private constructor(
    readonly title: string,
    readonly dataset: Dataset,
    readonly valueIds: RowLabels,
    /** Categories by value id. */
    readonly columns: MapColumn[],
    readonly numbers: NumberColumn[],
    readonly layout: Layout,
    readonly rowColumns: RowColumns,
    readonly regions: Region[],
    readonly texts: TextSearch,
    readonly probabilities: FoldProbabilities,
  ) {}

  /**
   * Reads what was computed for the dataset before and computes the rest. The index of the texts and the
   * probabilities are made in the background.
   *
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`, `ERR_OUT_OF_MEMORY`, `ERR_NON_FINITE`
   */
  static async open(dataset: Dataset, options: ExplorationOptions): Promise<Exploration> {
    const { title, settings, models, folder, note, signal, onProgress } = options;
    const { rows } = dataset;
    const valueIds = await dataset.readValueIds({ signal });
    const layout = await loadLayout(dataset, folder, { settings, signal, onProgress });
    const rowColumns = await loadRowColumns(dataset, folder, {
      signal,
      onProgress: (done) => onProgress('columns', done, rows),
    });
    const regions = await loadRegions(dataset, layout.coordinates, folder, {
      signal,
      onProgress: (done, total) => onProgress('labels', done, total),
    });
    const columns = mapColumns(valueIds.names, models);
    const numbers = [{ name: 'length' }, ...columns.slice(1).flatMap((column) => numbersOf(column) ?? [])];
    const texts = await TextSearch.start(dataset.dir, folder, note);
    const probabilities = await FoldProbabilities.start(dataset, valueIds, folder).catch(async (error: unknown) => {
      await texts.close();
      throw error;
    });
    return new Exploration(
      title,
      dataset,
      valueIds,
      columns,
      numbers,
      layout,
      rowColumns,
      regions,
      texts,
      probabilities,
    );
  }

  /** The rows of the answers to the same question as a row. */
  rowsOfQuestion(row: number): number[] {
    const { questions } = this.rowColumns;
    const rows: number[] = [];
    for (let other = 0; other < questions.length; other++) if (questions[other] === questions[row]) rows.push(other);
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.texts.close(), this.probabilities.close()]);
  }
}

/** Returns a column of --models as numbers, if every model that has a value has a number, such as a year. */
function numbersOf({ name, values, codes }: MapColumn): NumberColumn | undefined {
  const numbers = values.map((value) => (value === '(unknown)' || value.trim() === '' ? null : Number(value)));
  const given = numbers.filter((number) => number !== null);
  if (given.length < 2 || !given.every(Number.isFinite)) return undefined;
  return { name, byValueId: codes.map((code) => numbers[code]!) };
}
