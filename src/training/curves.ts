/** Draws the curves of a run as SVG. Equal metrics give equal bytes. */
import { Plot } from '../plots/observable-plot.js';

import type { Picture } from '../plots/picture.js';
import { HEADING_HEIGHT, type Heading, renderSvg } from '../plots/svg.js';
import type { Metrics, StepMetrics, ValidationMetrics } from './metrics.js';

const CURVE = '#0072b2';
const FAINT = '#9ecae1';
const CHANCE = '#c00000';
/** Number of updates averaged by the thick line of the loss. */
const WINDOW = 25;

/** Draws one curve for each kind of value in the metrics. */
export function drawTraining(metrics: readonly Metrics[]): Picture[] {
  const steps = metrics.filter((line): line is StepMetrics => line.kind === 'step');
  const validations = metrics.filter((line): line is ValidationMetrics => line.kind === 'validation');
  return [
    ...(steps.length > 0 ? [drawLoss(steps), drawLearningRate(steps)] : []),
    ...(validations.length > 0 ? [drawValidations(validations)] : []),
  ];
}

function drawLoss(steps: readonly StepMetrics[]): Picture {
  const smooth = steps.map(({ step }, i) => {
    const window = steps.slice(Math.max(0, i - WINDOW + 1), i + 1);
    return { step, loss: window.reduce((sum, { loss }) => sum + loss, 0) / window.length };
  });
  return draw(
    'loss.svg',
    { title: 'Loss', subtitle: `InfoNCE of each update, and its mean over ${WINDOW} updates, in nats` },
    {},
    [
      Plot.line(steps, { x: 'step', y: 'loss', stroke: FAINT }),
      Plot.line(smooth, { x: 'step', y: 'loss', stroke: CURVE, strokeWidth: 2 }),
    ],
  );
}

function drawLearningRate(steps: readonly StepMetrics[]): Picture {
  return draw('learning-rate.svg', { title: 'Learning rate', subtitle: 'of each update' }, { tickFormat: '.1e' }, [
    Plot.line(steps, { x: 'step', y: 'learningRate', stroke: CURVE, strokeWidth: 2 }),
  ]);
}

function drawValidations(validations: readonly ValidationMetrics[]): Picture {
  return draw(
    'validation.svg',
    {
      title: 'Held-out answers identified',
      subtitle: 'balanced accuracy of kNN, mean over the sources; dashed: chance',
    },
    {
      tickFormat: (share: number) => `${Math.round(100 * share)} %`,
      domain: [0, Math.max(...validations.map(({ balancedAccuracy }) => balancedAccuracy)) * 1.1],
    },
    [
      Plot.ruleY([validations[0]!.chance], { stroke: CHANCE, strokeDasharray: '4,3' }),
      Plot.line(validations, { x: 'step', y: 'balancedAccuracy', stroke: CURVE, strokeWidth: 2 }),
      Plot.dot(validations, { x: 'step', y: 'balancedAccuracy', fill: CURVE, r: 3 }),
    ],
  );
}

function draw(file: string, heading: Heading, y: Plot.ScaleOptions, marks: Plot.Markish[]): Picture {
  const svg = renderSvg(
    {
      width: 640,
      height: HEADING_HEIGHT + 300,
      marginTop: HEADING_HEIGHT,
      marginLeft: 60,
      marginBottom: 44,
      x: { label: 'step', labelAnchor: 'center', labelArrow: 'none' },
      y: { label: null, grid: true, ...y },
      marks,
    },
    heading,
    [],
  );
  return { file, caption: `${heading.title}: ${heading.subtitle}`, svg };
}
