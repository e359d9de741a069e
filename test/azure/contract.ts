import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '../fakes/clouds/fields.ts';

/** A schema of Swagger 2.0, as far as Azure's descriptions go. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  readOnly?: boolean;
  required?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
}

interface Parameter extends Omit<Schema, 'required'> {
  name: string;
  in: 'path' | 'query' | 'header' | 'body';
  required?: boolean;
  schema?: Schema;
}

/** One operation of a description. */
export interface Described {
  /** `webApps_createOrUpdate` */
  operationId: string;
  parameters: Parameter[];
  responses: Record<string, unknown>;
  'x-ms-long-running-operation'?: boolean;
}

interface Swagger {
  info: { title: string };
  paths: Record<string, Record<string, Described>>;
  definitions: Record<string, Schema>;
}

/** What of a request the description does not have, and where in it. */
export interface Finding {
  path: string;
  message: string;
}

export interface FoundOperation {
  described: Described;
  labels: Record<string, string>;
}

/** One provider's API as it is described: finds the operation of a request, and holds requests to it. */
export class Contract {
  readonly #swagger: Swagger;
  readonly #routes: { method: string; described: Described; pattern: RegExp; labels: string[] }[];

  constructor(swagger: Swagger) {
    this.#swagger = swagger;
    this.#routes = Object.entries(swagger.paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, described]) => ({
          ...{ method: method.toUpperCase(), described },
          ...patternOf(path, described.parameters),
        })),
      )
      // A name that is told before one that may be anything.
      .sort((a, b) => a.labels.length - b.labels.length);
  }

  /** @param file its name in contracts/, or an absolute path */
  static read(file: string): Contract {
    return new Contract(JSON.parse(readFileSync(join(import.meta.dirname, 'contracts', file), 'utf8')) as Swagger);
  }

  find(method: string, path: string): FoundOperation | undefined {
    for (const route of this.#routes) {
      const found = route.method === method ? route.pattern.exec(path) : null;
      if (!found) continue;
      const entries = route.labels.map((label, at) => [label, decodeURIComponent(found[at + 1] ?? '')]);
      return { described: route.described, labels: Object.fromEntries(entries) as Record<string, string> };
    }
    return undefined;
  }

  /** The `api-version`s that an operation takes. */
  versionsOf({ parameters }: Described): string[] {
    return parameters.find(({ name }) => name === 'api-version')?.enum ?? [];
  }

  /** What of path, query and headers is not as described; `api-version` is left to the caller. */
  parameterFindings(
    { parameters }: Described,
    given: { labels: Record<string, string>; query: URLSearchParams; headers: Record<string, unknown> },
  ): Finding[] {
    const known = (place: Parameter['in']) => parameters.filter((one) => one.in === place);
    const query = known('query').filter(({ name }) => name !== 'api-version');
    const names = new Set(query.map(({ name }) => name));
    const unknown = [...given.query.keys()].filter((name) => name !== 'api-version' && !names.has(name));
    const values: [Parameter, unknown][] = [
      ...known('path').map((one): [Parameter, unknown] => [one, given.labels[one.name]]),
      ...query.map((one): [Parameter, unknown] => [one, given.query.get(one.name) ?? undefined]),
      ...known('header').map((one): [Parameter, unknown] => [one, given.headers[one.name.toLowerCase()]]),
    ];
    return [
      ...unknown.map((name) => ({ path: name, message: 'is no query parameter of this operation' })),
      ...values.flatMap(([{ required, ...one }, value]): Finding[] => {
        if (value === undefined) return required ? [{ path: one.name, message: 'is required' }] : [];
        return this.findings(one, asTyped(one, String(value)), one.name);
      }),
    ];
  }

  /** What of a body is not as described. A request names nothing that only the service gives, and no null. */
  bodyFindings({ parameters }: Described, body: unknown): Finding[] {
    const described = parameters.find((one) => one.in === 'body');
    if (!described?.schema) return body === undefined ? [] : [{ path: 'body', message: 'the operation takes none' }];
    if (body === undefined) return described.required ? [{ path: 'body', message: 'is required' }] : [];
    return this.findings(described.schema, body, '');
  }

  findings(schema: Schema, value: unknown, path: string): Finding[] {
    const wrong = (expected: string): Finding[] => [{ path, message: `expected ${expected}, got ${brief(value)}` }];
    if (schema.$ref) return this.findings(this.schema(schema.$ref.split('/').at(-1) ?? ''), value, path);
    switch (schema.type) {
      case undefined:
        return [];
      case 'array':
        if (!Array.isArray(value)) return wrong('an array');
        return value.flatMap((one, at) => this.findings(schema.items ?? {}, one, `${path}[${at}]`));
      case 'object':
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
        return this.#objectFindings(schema, value as Fields, path);
      case 'string':
        return typeof value === 'string' ? textFindings(schema, value, path) : wrong('a string');
      case 'integer':
        return Number.isInteger(value) ? rangeFindings(schema, Number(value), path) : wrong('an integer');
      case 'number':
        return typeof value === 'number' ? rangeFindings(schema, value, path) : wrong('a number');
      default:
        return typeof value === schema.type ? [] : wrong(schema.type);
    }
  }

  schema(name: string): Schema {
    const found = this.#swagger.definitions[name];
    if (!found) throw new Error(`${this.#swagger.info.title}: no schema ${name}`);
    return found;
  }

  #objectFindings(schema: Schema, value: Fields, path: string): Finding[] {
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    const missing = (schema.required ?? []).filter((key) => value[key] === undefined);
    return [
      ...missing.map((key) => ({ path: at(key), message: 'is required' })),
      ...Object.entries(value).flatMap(([key, one]): Finding[] => {
        const property = schema.properties?.[key] ?? schema.additionalProperties;
        if (!property) return [{ path: at(key), message: `Could not find member '${key}' on object` }];
        if (property.readOnly) return [{ path: at(key), message: 'is read-only: no request may name it' }];
        return this.findings(property, one, at(key));
      }),
    ];
  }
}

function textFindings({ enum: values, pattern, minLength = 0, maxLength }: Schema, text: string, path: string) {
  const got = brief(text);
  if (values && !values.includes(text)) return [{ path, message: `expected one of ${values.join(', ')}, got ${got}` }];
  if (pattern && !new RegExp(pattern).test(text)) return [{ path, message: `expected ${pattern}, got ${got}` }];
  const isLong = maxLength !== undefined && text.length > maxLength;
  if (text.length >= minLength && !isLong) return [];
  return [{ path, message: `expected ${minLength} to ${maxLength} characters, got ${got}` }];
}

const rangeFindings = ({ minimum, maximum }: Schema, value: number, path: string): Finding[] =>
  (minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)
    ? [{ path, message: `expected ${minimum} to ${maximum}, got ${value}` }]
    : [];

const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** A parameter's text as its type has it; what is no such value stays text. */
function asTyped({ type }: Schema, text: string): unknown {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type !== 'integer' && type !== 'number') return text;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Labels that stand for several segments. */
const long = new Set(['scope', 'parentResourcePath']);

/** Names of providers and types are compared without regard to case. */
function patternOf(path: string, parameters: Parameter[]): { pattern: RegExp; labels: string[] } {
  const labels: string[] = [];
  const source = path.split(/(\{\w+\})/).map((part) => {
    const label = /^\{(\w+)\}$/.exec(part)?.[1];
    if (label === undefined) return part.replaceAll('.', '\\.');
    labels.push(label);
    const { enum: values } = parameters.find(({ name }) => name === label) ?? {};
    if (values) return `(${values.join('|')})`;
    return long.has(label) ? '(.+)' : '([^/]+)';
  });
  return { pattern: new RegExp(`^${source.join('')}$`, 'i'), labels };
}
