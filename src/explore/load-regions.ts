import type { Dataset } from '../datasets/dataset.js';
import { findRegions, type RegionOptions } from '../maps/regions/find-regions.js';
import type { Region } from '../maps/value-map.js';
import type { DerivedFolder } from './derived/derived-folder.js';

const FILE = 'labels.bin';
/** Changes when labels are computed in another way. */
const VERSION = 3;

/**
 * Reads the labels of the regions of a map from disk, or computes and saves them.
 *
 * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_ABORTED`
 */
export async function loadRegions(
  dataset: Dataset,
  coordinates: Float32Array,
  folder: DerivedFolder,
  options: RegionOptions,
): Promise<Region[]> {
  const made = { version: VERSION, records: dataset.recordsChecksum, place: placeOf(coordinates) };
  const file = await folder.read(FILE);
  if (file && JSON.stringify(file.made) === JSON.stringify(made) && Array.isArray(file.data))
    return file.data as Region[];
  const regions = await findRegions(coordinates, (rows) => dataset.readRecordsAt(rows), options);
  await folder.write(FILE, { made, data: regions, arrays: {} });
  return regions;
}

/** Tells apart layouts of the same answers. */
function placeOf(coordinates: Float32Array): number {
  return coordinates.reduce((sum, value, i) => (i % 97 === 0 ? Math.fround(sum + value) : sum), 0);
}
