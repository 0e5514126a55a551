// What a simulation answers: figures, and charts that the page draws with uPlot and the command line as SVG.

/**
 * @typedef {'ms' | 'percent' | 'count' | 'per-second' | 'ratio'} Unit
 *
 * @typedef {object} Figure
 * @property {string} id
 * @property {string} label
 * @property {number | null} value null when it did not happen
 * @property {Unit} unit
 * @property {'lower' | 'higher'} [better]
 * @property {string} [absent] what is said when it did not happen; `never` unless it is given
 *
 * @typedef {'good' | 'bad' | 'refused' | 'accent' | 'reference' | 'muted' | `layer-${number}`} Role
 *
 * @typedef {object} Series
 * @property {string} label
 * @property {Role} role
 * @property {'bars' | 'line' | 'step' | 'points'} kind bars are stacked in their order
 * @property {(number | null)[]} values
 * @property {boolean} [quiet] drawn only when asked for
 * @property {string} [like] label of another series that lies over this one
 * @property {boolean} [main] the one that is also drawn as it was before the arguments changed
 *
 * @typedef {object} Span
 * @property {number} from
 * @property {number} to
 * @property {string} label
 * @property {Role} role
 * @property {'back' | 'strip'} place behind the plot, or in a strip below it
 *
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {string} x what the horizontal axis is
 * @property {string} y
 * @property {'linear' | 'log'} scale of the horizontal axis
 * @property {number[]} xs
 * @property {Series[]} series
 * @property {Span[]} spans
 * @property {{ at: number, label: string, axis: 'x' | 'y' }[]} marks
 *
 * @typedef {object} Result
 * @property {Figure[]} figures
 * @property {Chart[]} charts
 * @property {string[]} remarks what the reader must know of the drawing
 * @property {{ columns: string[], rows: string[][] } | undefined} [table]
 */

/**
 * A setting of the simulated world.
 *
 * @typedef {object} Knob
 * @property {string} name
 * @property {string} label
 * @property {Unit | 'seconds' | 'choice'} unit
 * @property {number | string} value
 * @property {number} [min]
 * @property {number} [max]
 * @property {readonly { value: string, label: string }[]} [choices]
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Lengths that people read, and what they say from there on. */
const TIME_UNITS = /** @type {const} */ ([
  [172_800, 86_400, 'days'],
  [7_200, 3_600, 'hours'],
  [600, 60, 'minutes'],
]);

/**
 * Charts with seconds across, in the unit that fits how long they are; those to compare with in the same.
 *
 * @param {Chart} chart
 * @param {Chart} [like] the chart whose length counts
 * @returns {Chart}
 */
export function inTimeUnit(chart, like = chart) {
  const [, length = 1, name = ''] = TIME_UNITS.find(([from]) => (like.xs.at(-1) ?? 0) >= from) ?? [];
  if (chart.x !== 'seconds' || name === '') {
    return chart;
  }
  return {
    ...chart,
    x: name,
    xs: chart.xs.map((x) => x / length),
    spans: chart.spans.map((span) => ({ ...span, from: span.from / length, to: span.to / length })),
    marks: chart.marks.map((mark) => (mark.axis === 'x' ? { ...mark, at: mark.at / length } : mark)),
  };
}

/**
 * A figure as a person would say it.
 *
 * @param {number | null} value
 * @param {Unit | 'seconds' | 'choice'} unit
 */
export function say(value, unit) {
  if (value === null) {
    return 'never';
  }
  switch (unit) {
    case 'ms':
      return duration(value);
    case 'seconds':
      return value === 0 ? '0 s' : duration(value * 1000);
    case 'percent':
      return `${value > 0 && value < 1 ? digits(value, 2) : digits(value, 3)} %`;
    case 'ratio':
      return digits(value, 3);
    case 'per-second':
      return `${digits(value, 3)}/s`;
    default:
      return grouped(Math.round(value));
  }
}

/** @param {number} ms */
function duration(ms) {
  if (ms === 0) {
    return '0 ms';
  }
  if (ms < 1) {
    return `${digits(ms, 2)} ms`;
  }
  if (ms < 1000) {
    return `${digits(ms, 3)} ms`;
  }
  if (ms < 2 * MINUTE) {
    return `${digits(ms / 1000, 3)} s`;
  }
  if (ms < 2 * HOUR) {
    return `${digits(ms / MINUTE, 3)} min`;
  }
  return ms < 48 * HOUR ? `${digits(ms / HOUR, 3)} h` : `${digits(ms / HOUR / 24, 3)} d`;
}

/** @param {number} value */
function digits(value, /** @type {number} */ significant) {
  if (value === 0) {
    return '0';
  }
  const rounded = Number(value.toPrecision(significant));
  return Math.abs(rounded) >= 1000 ? grouped(Math.round(value)) : String(rounded);
}

function grouped(/** @type {number} */ value) {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/gu, ',');
}
