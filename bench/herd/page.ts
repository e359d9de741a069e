import { longestLookDelay } from '../../src/handler/delays.ts';
import { type Course, peak, type Scenario, simulate, step } from './fleet.ts';
import { drawPicture } from './picture.ts';
import { type NamedPlace, places, unlimited } from './places.ts';

const sizes = [100, 1000, 10_000] as const;
const megabytes = 100;
const refreshSeconds = 30;
const usual = { size: megabytes * 1e6, refreshSeconds, followOverSeconds: 0, place: unlimited, seed: 1 } as const;

type Table = { head: string[]; rows: string[][] };
export type MakeTable = (head: string[], rows: string[][]) => string;

const count = (value: number): string => Math.round(value).toLocaleString('en');
const gbps = (bytes: number): string => `${((bytes * 8) / 1e9).toFixed(1)} Gbps`;
const seconds = (value: number): string => (value < 120 ? `${Math.round(value)} s` : `${(value / 60).toFixed(1)} min`);
const usd = (value: number): string => (value < 1 ? value.toFixed(2) : count(value));
const after = (course: Course, at: number): number[] => course.requests.slice(Math.round(at / step));

/** When the last one has the version, on each place with its limits. */
const doneOn = (scenario: Scenario): string[] =>
  places.map((place) => seconds(simulate({ ...scenario, place }).done - (scenario.goneUntil ?? 0)));

const asked = (course: Course): string[] => [count(peak(course.requests)), gbps(peak(course.bytes))];
const places4 = places.map(({ title }) => title);
const askedHead = ['requests a second', 'bandwidth asked for'];

function flips(): Table {
  const rows = sizes.flatMap((instances) =>
    [0, 300].map((followOverSeconds) => {
      const scenario: Scenario = { ...usual, kind: 'flip', instances, followOverSeconds };
      const over = followOverSeconds === 0 ? 'at once' : `${followOverSeconds / 60}m`;
      return [count(instances), over, ...asked(simulate(scenario)), ...doneOn(scenario)];
    }),
  );
  return { head: ['instances', 'follow-over', ...askedHead, ...places4], rows };
}

function starts(): Table {
  const rows = sizes.flatMap((instances) =>
    [undefined, 1000].map((perTenSeconds) => {
      const scenario: Scenario = { ...usual, kind: 'start', instances, ...(perTenSeconds && { perTenSeconds }) };
      const how = perTenSeconds ? '1,000 in 10 s' : 'in a second';
      return [count(instances), how, ...asked(simulate(scenario)), ...doneOn(scenario)];
    }),
  );
  return { head: ['instances', 'come', ...askedHead, ...places4], rows };
}

/** As it was before: the same wait for all. */
const inStep = (failures: number): number => Math.min(30_000, 500 * 2 ** failures);
const [s3] = places as [NamedPlace, ...NamedPlace[]];
const goneUntil = 60;

const outage = (instances: number, kind: Scenario['kind'], more: Partial<Scenario> = {}): Course =>
  simulate({ ...usual, kind, instances, goneUntil, place: s3, ...more });

function outages(): Table {
  const rows = sizes.flatMap((instances) =>
    [
      ['serve, and the pointer has moved', outage(instances, 'flip')] as const,
      ['have no model', outage(instances, 'start')] as const,
      ['have no model, with waits that are not random', outage(instances, 'start', { loadDelay: inStep })] as const,
    ].map(([what, course]) => [
      count(instances),
      what,
      count(peak(course.requests.slice(0, goneUntil / step))),
      count(peak(after(course, goneUntil))),
      seconds(course.done - goneUntil),
    ]),
  );
  const head = ['instances', 'which', 'requests a second while S3 is gone', 'and once it is back', 'all have it after'];
  return { head, rows };
}

const month = 30 * 24 * 3600;
const flipsAMonth = 20;

function money(): Table {
  const rows = sizes.map((instances) => {
    const reads = (instances * month) / refreshSeconds;
    const { requests } = simulate({ ...usual, kind: 'flip', instances });
    const ofFlips = requests.reduce((sum, one) => sum + one, 0) * flipsAMonth;
    const inAll = places.map(({ title, perThousand, perGigabyte }) => {
      const isCdn = title === 'CloudFront';
      const polls = (reads / 1000) * (isCdn ? s3.perThousand : perThousand);
      const bytes = flipsAMonth * instances * (megabytes / 1000) * perGigabyte;
      return usd(polls + (ofFlips / 1000) * perThousand + bytes);
    });
    return [count(instances), count(reads), count(ofFlips), ...inAll];
  });
  return { head: ['instances', 'pointer reads a month', `requests of ${flipsAMonth} flips`, ...places4], rows };
}

/** Time over which a fleet has to follow so that it asks for half of a place's bandwidth. */
function followOver(): Table {
  const limited = places.filter(({ gbps: most }) => most > 0);
  const rows = [1000, 10_000].flatMap((instances) =>
    [10, 100, 500].map((size) => [
      count(instances),
      `${size} MB`,
      ...limited.map(({ gbps: most }) => {
        const needed = (instances * size * 8) / 1000 / (most / 2);
        return needed <= longestLookDelay(refreshSeconds) / 1000 ? 'at once' : `${Math.ceil(needed / 60)}m`;
      }),
    ]),
  );
  return { head: ['instances', 'model', ...limited.map(({ title, gbps: most }) => `${title} (${most} Gbps)`)], rows };
}

/** Sums of whole seconds. */
function bySecond(steps: readonly number[]): number[] {
  const width = Math.round(1 / step);
  return Array.from({ length: Math.ceil(steps.length / width) }, (_, second) =>
    steps.slice(second * width, (second + 1) * width).reduce((sum, one) => sum + one, 0),
  );
}

function pictures(): Record<string, string> {
  const flip = (followOverSeconds: number): number[] =>
    bySecond(simulate({ ...usual, kind: 'flip', instances: 10_000, followOverSeconds }).bytes).map(
      (bytes) => (bytes * 8) / 1e9,
    );
  const back = (more: Partial<Scenario>): number[] => bySecond(outage(10_000, 'start', more).requests).slice(0, 150);
  return {
    'docs/scale-flip.svg': drawPicture({
      title: '10,000 instances follow a flip of 100 MB',
      unit: 'Gbps asked for',
      curves: [
        { title: 'at once', values: flip(0), kind: 'before' },
        { title: 'follow-over: 5m', values: flip(300), kind: 'after' },
      ],
      limits: places.filter(({ gbps: most }) => most > 0).map(({ title, gbps: value }) => ({ title, value })),
    }),
    'docs/scale-outage.svg': drawPicture({
      title: '10,000 instances without a model, and S3 is back after 60 s',
      unit: 'requests a second',
      curves: [
        { title: 'the same waits for all', values: back({ loadDelay: inStep }), kind: 'before' },
        { title: 'random waits', values: back({}), kind: 'after' },
      ],
      limits: [{ title: s3.title, value: s3.requests }],
    }),
  };
}

/** What docs/scale.md shows: tables by the names of their markers, and pictures by their paths. The same at each run. */
export function scalePage(table: MakeTable): { tables: Record<string, string>; pictures: Record<string, string> } {
  const made = { flips: flips(), starts: starts(), outages: outages(), money: money(), 'follow-over': followOver() };
  const sources: Table = { head: ['place', 'limits'], rows: places.map(({ title, source }) => [title, source]) };
  const all = Object.entries({ ...made, limits: sources });
  return {
    tables: Object.fromEntries(all.map(([name, { head, rows }]) => [name, table(head, rows)])),
    pictures: pictures(),
  };
}
