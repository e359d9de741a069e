import { ColdgateError } from './errors.ts';

/** What came from a variable, and the name by which it is shown. */
export interface Concealed {
  name: string;
  value: string;
}

/** Texts from this length on are replaced anywhere; shorter ones only as whole words. */
const telling = 8;
/** Shorter ones would tear other words apart, and are no secret. */
const shortest = 3;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * Shows `${NAME}` in place of what models.yaml took from the environment, in everything that is printed or passed to
 * other steps. In human-readable text its parts are replaced too: a message may name the bucket of an address, or the
 * host.
 */
export class Concealer {
  readonly #whole = new Map<string, string>();
  readonly #parts = new Map<string, string>();
  #patterns: { words: RegExp; values: RegExp } | undefined;

  add({ name, value }: Concealed): void {
    const bare = value.trim().replace(/\/+$/, '');
    if (bare.length < shortest) return;
    const shown = `\${${name}}`;
    const forms = [value, bare, encodeURI(bare.toWellFormed()), encodeURIComponent(bare.toWellFormed()), inJson(bare)];
    for (const form of forms) this.#whole.set(form.toLowerCase(), shown);
    for (const part of bare.split(/[/:@?&=,;\s]+/)) {
      if (part.length >= telling) this.#parts.set(part.toLowerCase(), shown);
    }
    this.#patterns = undefined;
  }

  /** A sentence, or many lines of them. */
  text(text: string): string {
    if (this.#whole.size === 0) return text;
    return text.replace(this.#compiled().words, (found) => this.#shownFor(found));
  }

  /** A document or an output: whole values alone, so that what the clouds answered stays usable. */
  value<T>(given: T): T {
    if (this.#whole.size === 0) return given;
    return mapTexts(given, (text) => text.replace(this.#compiled().values, (found) => this.#shownFor(found))) as T;
  }

  /** The same error in other words, causes and facts included. */
  error<E extends Error>(error: E): E {
    if (this.#whole.size === 0) return error;
    const copy = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error)) as E;
    const say = (text: string) => this.text(text);
    const report: Record<string, unknown> = { message: say(error.message), stack: error.stack && say(error.stack) };
    if (error.cause instanceof Error) report['cause'] = this.error(error.cause);
    if (error instanceof ColdgateError) {
      for (const field of ['hint', 'data', 'problems'] as const) {
        if (field in error) report[field] = mapTexts(Reflect.get(error, field), say);
      }
    }
    for (const [field, value] of Object.entries(report)) {
      Object.defineProperty(copy, field, { value, writable: true, configurable: true, enumerable: field !== 'stack' });
    }
    return copy;
  }

  #shownFor(found: string): string {
    const key = found.toLowerCase();
    return this.#whole.get(key) ?? this.#parts.get(key) ?? found;
  }

  #compiled(): { words: RegExp; values: RegExp } {
    this.#patterns ??= {
      words: patternOf([...this.#whole.keys(), ...this.#parts.keys()]),
      values: patternOf([...this.#whole.keys()].filter((text) => text.length >= telling)),
    };
    return this.#patterns;
  }
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The longest that fits is taken. */
function patternOf(texts: readonly string[]): RegExp {
  const sorted = [...new Set(texts)].sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return /(?!)/g;
  const one = (text: string) => (text.length < telling ? `(?<![a-z0-9])${escaped(text)}(?![a-z0-9])` : escaped(text));
  return new RegExp(sorted.map(one).join('|'), 'gi');
}

function mapTexts(given: unknown, change: (text: string) => string): unknown {
  if (typeof given === 'string') return change(given);
  if (Array.isArray(given)) return given.map((item) => mapTexts(item, change));
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) return given;
  return Object.fromEntries(Object.entries(given).map(([name, inner]) => [name, mapTexts(inner, change)]));
}
