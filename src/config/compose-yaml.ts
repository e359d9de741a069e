import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import type { Problem } from '../errors.ts';
import { coreValue } from './core-value.ts';
import { interpolate, interpolates, notHere, publicVariables } from './interpolate.ts';
import { formatPath, type Path, type YamlList, type YamlMap, type YamlNode, type YamlScalar } from './yaml-node.ts';

/** Far above any real file; what an alias stands for is counted each time it is used. */
const nodeLimit = 50_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Builds nodes with their places from js-yaml's events; none of its loaders reports where a value stood. Merge keys and
 * tags are refused, aliases may stand for whole values. Used once: `document()`, then `problems`.
 */
export class Composer {
  readonly problems: Problem[] = [];
  readonly #source: string;
  readonly #events: Event[];
  readonly #env: Environment;
  /** Which values may hold `${…}`; then no key may. Default: all. */
  readonly #takes: ((path: Path) => boolean) | undefined;
  readonly #lineStarts: number[] = [0];
  /** By anchor name: its node, and its size with all aliases in it counted out. Missing while it is still open. */
  readonly #anchors = new Map<string, { node: YamlNode; size: number } | undefined>();
  /** What stands in the file as it is, and can be no secret. */
  readonly #words = new Set<string>();
  readonly #used = new Set<string>();
  #next = 0;
  #size = 0;
  #last = 0;

  constructor(source: string, events: Event[], env: Environment, takes?: (path: Path) => boolean) {
    this.#source = source;
    this.#events = events;
    this.#env = env;
    this.#takes = takes;
    for (const found of source.matchAll(/\r\n|[\r\n]/g)) this.#lineStarts.push(found.index + found[0].length);
  }

  /** Undefined if there is no document, or if it is too large to process. */
  document(): YamlNode | undefined {
    const documents = this.#events.flatMap((event, at) => (event.type === EVENT_ID.DOCUMENT ? [at] : []));
    if (documents.length === 0) return undefined;
    if (documents.length > 1) {
      const second = this.#events[(documents[1] as number) + 1];
      const line = this.#lineOf(second && 'start' in second ? second.start : -1);
      this.#add([], line, 'expected one document, got several, separated by ---.', 'Keep one in each file.');
    }
    this.#next = (documents[0] as number) + 1;
    const root = this.#node([]);
    return this.#size > nodeLimit ? undefined : root;
  }

  /** The variables that were put in and whose values are not known to everybody, with those values. */
  interpolated(): { name: string; value: string }[] {
    const report = [...this.#used].map((name) => ({ name, value: this.#env[name] ?? '' }));
    return report.filter(
      ({ name, value }) => !publicVariables.has(name) && !isPublic(value) && !this.#words.has(value),
    );
  }

  #node(path: Path): YamlNode {
    const event = this.#events[this.#next++] as Event;
    if (++this.#size === nodeLimit + 1) this.#tooLarge(path);
    if (event.type === EVENT_ID.ALIAS) return this.#alias(event.anchorStart, event.anchorEnd, path);
    const before = this.#size;
    const { anchorStart, anchorEnd, tagStart } = event as ScalarEvent;
    const anchor = anchorStart < 0 ? undefined : this.#source.slice(anchorStart, anchorEnd);
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const node = this.#plain(event, path);
    if (tagStart >= 0) {
      this.#add(path, node.line, 'expected a plain value, got a YAML tag (!…).', 'Remove the tag.');
      if (node.kind === 'scalar') node.broken = true;
    }
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size: this.#size - before });
    return node;
  }

  #plain(event: Event, path: Path): YamlNode {
    if (event.type === EVENT_ID.MAPPING) return this.#map(this.#lineOf(event.start), path);
    if (event.type === EVENT_ID.SEQUENCE) return this.#list(this.#lineOf(event.start), path);
    return this.#scalar(event as ScalarEvent, path);
  }

  #alias(start: number, end: number, path: Path): YamlNode {
    const name = this.#source.slice(start, end);
    const line = this.#lineOf(start);
    const anchor = this.#anchors.get(name);
    if (anchor) {
      const fits = this.#size + anchor.size <= nodeLimit;
      if (!fits && this.#size <= nodeLimit) this.#tooLarge(path);
      this.#size += anchor.size;
      if (fits) return anchor.node;
    } else {
      const got = this.#anchors.has(name) ? 'one that contains itself' : `*${name}, which no &${name} before defines`;
      this.#add(path, line, `expected an alias of a whole value, got ${got}.`);
    }
    return { kind: 'scalar', line, value: null, written: `*${name}`, broken: true };
  }

  #map(line: number, path: Path): YamlMap {
    const map: YamlMap = { kind: 'map', line, entries: new Map() };
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) {
      const key = this.#key(path);
      const inner = [...path, key.text];
      const earlier = map.entries.get(key.text);
      const node = this.#node(inner);
      if (earlier) {
        const hint = 'Keep one of the two.';
        this.#add(inner, key.line, `is there twice; the first is on line ${earlier.line}.`, hint);
      } else if (this.#isKey(key, inner)) map.entries.set(key.text, { line: key.line, node });
    }
    this.#next++;
    return map;
  }

  #key(path: Path): { text: string; line: number } {
    const event = this.#events[this.#next] as Event;
    if (event.type === EVENT_ID.SCALAR) {
      this.#next++;
      this.#size++;
      const key = { text: getScalarValue(this.#source, event), line: this.#lineOf(event.valueStart) };
      this.#words.add(key.text);
      if (key.text === '') this.#add(path, key.line, 'expected a name as key, got nothing.');
      return key;
    }
    const node = this.#node(path);
    this.#add(path, node.line, 'expected a name as key, got a list, mapping or alias.');
    return { text: '', line: node.line };
  }

  #isKey({ text, line }: { text: string; line: number }, path: Path): boolean {
    if (text === '<<') {
      const hint = 'Use an alias for a whole value, or write the fields out.';
      this.#add(path, line, 'expected a field, got a merge key, which this format does not know.', hint);
      return false;
    }
    if (this.#takes && text.includes('${')) {
      this.#add(path, line, 'expected a name as key, got ${…}: names take nothing from the environment.', notHere.hint);
      return false;
    }
    if (text !== '__proto__') return text !== '';
    this.#add(path, line, 'expected a field, got a name that JavaScript reserves.', 'Choose another name.');
    return false;
  }

  #list(line: number, path: Path): YamlList {
    const list: YamlList = { kind: 'list', line, items: [] };
    while (this.#events[this.#next]?.type !== EVENT_ID.POP) list.items.push(this.#node([...path, list.items.length]));
    this.#next++;
    return list;
  }

  #scalar(event: ScalarEvent, path: Path): YamlScalar {
    const line = this.#lineOf(event.valueStart);
    const written = getScalarValue(this.#source, event);
    const value = event.style === SCALAR_STYLE.PLAIN ? coreValue(written) : written;
    if (typeof value !== 'string' || !value.includes('${')) {
      this.#words.add(String(value));
      return { kind: 'scalar', line, value, written, broken: false };
    }
    const none = { text: value.replaceAll('$${', '${'), faults: interpolates(value) ? [notHere] : [], used: [] };
    const { text, faults, used } = (this.#takes?.(path) ?? true) ? interpolate(value, this.#env) : none;
    for (const name of used) this.#used.add(name);
    for (const { message, hint } of faults) this.#add(path, line, message, hint);
    return { kind: 'scalar', line, value: text, written, broken: faults.length > 0, interpolated: used.length > 0 };
  }

  #tooLarge(path: Path): void {
    const hint = 'Write fewer models into one file, or use fewer aliases.';
    this.#add(path, this.#last, `expected at most ${nodeLimit} values, aliases counted out, got more.`, hint);
  }

  #add(path: Path, line: number, message: string, hint?: string): void {
    if (this.problems.length < 1000) this.problems.push({ path: formatPath(path), line, message, hint });
  }

  /** Empty values have no position; they take that of the value before. */
  #lineOf(offset: number): number {
    if (offset < 0) return this.#last || 1;
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    this.#last = low + 1;
    return this.#last;
  }
}

/** Names of regions and digests of images: they are part of every address that a cloud answers. */
const isPublic = (value: string): boolean =>
  /^(?:[a-z]{2,12}(?:-[a-z]{2,12}){1,3}-?\d{1,2}|sha256:[0-9a-f]{64})$/.test(value);
