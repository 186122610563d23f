import type { Region } from '../../maps/value-map.js';
import type { ExploreHeader, LabelsAnswer } from '../api-types.js';
import { getBytes, getJson } from './api.js';

/** What the page knows of the dataset: everything but the texts. */
export interface MapData extends ExploreHeader {
  /** [rows, 2] */
  coordinates: Float32Array;
  /** For every row, the position of its value id in the first column. */
  rowValueIds: Int32Array;
  regions: Region[];
  /** For every number column, the value of a row; NaN if it has none. */
  numberOf: ((row: number) => number)[];
}

export async function loadMapData(): Promise<MapData> {
  const array = (name: string): Promise<ArrayBuffer> => getBytes(`/v1/explore/arrays/${name}`);
  const [header, points, ids, lengths, { labels }] = await Promise.all([
    getJson<ExploreHeader>('/v1/explore'),
    array('coordinates'),
    array('value-ids'),
    array('lengths'),
    getJson<LabelsAnswer>('/v1/explore/labels'),
  ]);
  const coordinates = new Float32Array(points);
  const rowValueIds = new Int32Array(ids);
  const answerLengths = new Uint32Array(lengths);
  return {
    ...header,
    coordinates,
    rowValueIds,
    regions: labels,
    numberOf: header.numbers.map(({ byValueId }) =>
      byValueId ? (row: number) => byValueId[rowValueIds[row]!] ?? Number.NaN : (row: number) => answerLengths[row]!,
    ),
  };
}
