import { openDataset } from '../../datasets/dataset.js';
import { DatasetFit, openFit } from '../../datasets/fits/dataset-fit.js';
import { readFitManifest } from '../../datasets/fits/fit-manifest.js';
import { readClassifierConfig } from '../../identification/classifier/classifier-files.js';
import { readIndexDescription } from '../../pipeline/index/saved-index.js';
import { searchedVectors } from '../../pipeline/index/vector-source.js';
import type { CliContext } from '../context.js';
import { formatBytes, formatCount, formatTable, plural } from '../format.js';
import { describeRecall } from '../recall.js';
import { describeSelfRecall } from '../self-recall.js';

/** `univar info`: prints what a dataset folder holds. */
export async function runInfo(dir: string, { json }: { json?: boolean }, context: CliContext): Promise<void> {
  const dataset = await openDataset(dir);
  const { manifest, rows, dim } = dataset;
  const fit = await openFit(dataset);
  const fitManifest = fit === undefined ? undefined : await readFitManifest(dir);
  const { vectors, indexDir } = await searchedVectors(dataset);
  const index = await readIndexDescription(indexDir);
  const isStale = index !== undefined && index.embeddings !== vectors.embeddingsChecksum;
  const classifier =
    fit instanceof DatasetFit && fit.manifest.classifier ? await readClassifierConfig(fit.folder) : undefined;
  const classifierBytes = (fitManifest?.classifier ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  const recognisesUnknown = classifier !== undefined && classifier.calibration.steps[0]!.unknown !== null;
  const valueIds = Object.keys(manifest.valueIds).length;
  if (json) {
    context.printJson({
      dataset: dir,
      rows,
      valueIds,
      encoder: { ...manifest.encoder, dim },
      fit: fitManifest && {
        folder: fitManifest.folder,
        dim: fitManifest.dim,
        ...fitManifest.figures,
        fittedRows: fitManifest.fittedRows,
        addedRows: rows - fitManifest.fittedRows,
        stale: fit === 'stale',
      },
      classifier: classifier && { valueIds: classifier.names.length, bytes: classifierBytes, recognisesUnknown },
      index: index && {
        factory: index.factory,
        metric: index.metric,
        selfRecall: index.selfRecall,
        targetRecall: index.targetRecall,
        recall: index.recall,
        effort: index.effort,
        stale: isStale,
      },
    });
    return;
  }
  const added = fitManifest ? rows - fitManifest.fittedRows : 0;
  const describeFit = (): string => {
    if (!fitManifest) return 'none; "univar fit" makes one in seconds';
    if (fit === 'stale')
      return `${fitManifest.folder} belongs to other answers and is not used; run "univar fit" again`;
    const { answers, valueIds: ids } = fitManifest.figures;
    const age = added === 0 ? '' : `; ${plural(added, 'answer')} ${added === 1 ? 'was' : 'were'} added since`;
    const { folder, dim: width } = fitManifest;
    return `${folder}, ${width} dimensions, fitted on ${plural(answers, 'answer')} of ${plural(ids, 'value id')}${age}`;
  };
  const describeClassifier = (): string => {
    if (!classifier) return 'none; identify gives votes, but no probabilities';
    const unknown = recognisesUnknown
      ? 'recognises unknown authors'
      : 'cannot recognise unknown authors: too few value ids or answers';
    return `${classifier.names.length} value ids, ${formatBytes(classifierBytes)}; ${unknown}`;
  };
  const describeIndex = (): string => {
    if (!index) return 'none; search compares with every answer';
    const { factory = '?', selfRecall } = index;
    if (isStale) return `${factory}; out of date, run "univar index" again`;
    const searches = describeRecall(index);
    const found = searches === undefined ? '' : `; searches ${searches}`;
    return `${factory}${describeSelfRecall(factory, selfRecall)}${found}`;
  };
  context.print(
    formatTable([
      ['answers', `${formatCount(rows)} of ${plural(valueIds, 'value id')}`],
      ['encoder', `${manifest.encoder.name}, ${dim} dimensions`],
      ['fit', describeFit()],
      ['classifier', describeClassifier()],
      ['index', describeIndex()],
    ]),
  );
}
