import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '../fakes/clouds/fields.ts';

/** A schema of a discovery document: https://developers.google.com/discovery/v1/type-format */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: string[];
  pattern?: string;
  description?: string;
  readOnly?: boolean;
  required?: boolean;
  location?: 'path' | 'query';
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
}

export interface Method {
  id: string;
  httpMethod: string;
  path: string;
  parameters: Record<string, Schema>;
  request?: Schema;
  response?: Schema;
  mediaUpload?: { protocols: Record<string, { path: string }> };
}

interface Resource {
  methods?: Record<string, Method>;
  resources?: Record<string, Resource>;
}

interface Discovery extends Resource {
  name: string;
  parameters: Record<string, Schema>;
  schemas: Record<string, Schema>;
}

/** A request or an answer that the API's description does not have, and where in it. */
export interface Finding {
  path: string;
  message: string;
  /** Real servers ignore it (https://google.aip.dev/203); it is a mistake all the same. */
  ignored?: boolean;
}

const formats: Record<string, RegExp> = {
  int64: /^-?\d{1,19}$/,
  uint64: /^\d{1,20}$/,
  'google-duration': /^-?\d+(?:\.\d{1,9})?s$/,
  'google-datetime': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/,
  byte: /^[\w+/=-]*$/,
};

/** How Google's own clients ask for JSON: https://google.aip.dev/client-libraries/4233 */
export const numbers = 'json;enum-encoding=int';

/** One API as its discovery document describes it: finds the method of a request, and holds values to schemas. */
export class Contract {
  readonly name: string;
  readonly #document: Discovery;
  readonly #routes: { method: Method; pattern: RegExp; labels: string[] }[];

  constructor(document: Discovery) {
    this.name = document.name;
    this.#document = document;
    this.#routes = methodsOf(document)
      .flatMap((method) =>
        [method.path, ...Object.values(method.mediaUpload?.protocols ?? {}).map(({ path }) => path.slice(1))].map(
          (path) => ({ method, ...patternOf(path, method.parameters) }),
        ),
      )
      // `{+name}:wait` before `{+name}`, whose pattern may fit it too.
      .sort((a, b) => Number(b.method.path.includes(':')) - Number(a.method.path.includes(':')));
  }

  /** @param file its name in contracts/, or an absolute path */
  static read(file: string): Contract {
    return new Contract(JSON.parse(readFileSync(join(import.meta.dirname, 'contracts', file), 'utf8')) as Discovery);
  }

  find(httpMethod: string, path: string): { method: Method; labels: Record<string, string> } | undefined {
    for (const { method, pattern, labels } of this.#routes) {
      const found = method.httpMethod === httpMethod ? pattern.exec(path) : null;
      if (!found) continue;
      const entries = labels.map((label, at) => [label, decodeURIComponent(found[at + 1] ?? '')]);
      return { method, labels: Object.fromEntries(entries) as Record<string, string> };
    }
    return undefined;
  }

  queryFindings({ parameters }: Method, query: URLSearchParams): Finding[] {
    const known = { ...this.#document.parameters, ...parameters };
    const unknown = [...query].flatMap(([name, text]) => {
      if (name === '$alt' && text === numbers) return [];
      const schema = known[name];
      if (!schema || schema.location === 'path') return [{ path: name, message: `Unknown query parameter "${name}"` }];
      const value = schema.type === 'boolean' ? readBoolean(text) : schema.type === 'integer' ? Number(text) : text;
      return this.findings(schema, value, name, 'request');
    });
    const missing = Object.entries(parameters).filter(
      ([name, { required, location }]) => required && location === 'query' && !query.has(name),
    );
    return [...unknown, ...missing.map(([name]) => ({ path: name, message: 'required parameter is missing' }))];
  }

  /** What of a value is not as the schema says. A request may not name what only the server gives. */
  findings(schema: Schema, value: unknown, path: string, side: 'request' | 'answer'): Finding[] {
    const wrong = (expected: string): Finding[] => [{ path, message: `expected ${expected}, got ${brief(value)}` }];
    if (schema.$ref) return this.findings(this.schema(schema.$ref), value, path, side);
    switch (schema.type) {
      case 'any':
        return [];
      case 'array':
        if (!Array.isArray(value)) return wrong('an array');
        return value.flatMap((one, at) => this.findings(schema.items ?? {}, one, `${path}[${at}]`, side));
      case 'object':
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
        return this.#objectFindings(schema, value as Fields, path, side);
      case 'string':
        return typeof value === 'string' ? textFindings(schema, value, path) : wrong('a string');
      case 'integer':
        return Number.isInteger(value) ? [] : wrong('an integer');
      case 'number':
        return typeof value === 'number' ? [] : wrong('a number');
      default:
        return typeof value === schema.type ? [] : wrong(String(schema.type));
    }
  }

  /** A value whose enumerations are numbers, as Google's own clients send them, with their names. */
  named(schema: Schema, value: unknown): unknown {
    if (schema.$ref) return this.named(this.schema(schema.$ref), value);
    if (schema.enum && typeof value === 'number') return schema.enum[value] ?? value;
    if (Array.isArray(value)) return value.map((one) => this.named(schema.items ?? {}, one));
    if (typeof value !== 'object' || value === null) return value;
    const of = (key: string): Schema => schema.properties?.[key] ?? schema.additionalProperties ?? {};
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.named(of(key), one)]));
  }

  schema(name: string): Schema {
    const found = this.#document.schemas[name];
    if (!found) throw new Error(`${this.name}: no schema ${name}`);
    return found;
  }

  #objectFindings(schema: Schema, value: Fields, path: string, side: 'request' | 'answer'): Finding[] {
    return Object.entries(value).flatMap(([key, one]): Finding[] => {
      const at = path === '' ? key : `${path}.${key}`;
      const property = schema.properties?.[key] ?? schema.additionalProperties;
      if (!property) return [{ path: at, message: `Unknown name "${key}" at '${path}': Cannot find field.` }];
      if (one === undefined) return [];
      if (side === 'request' && isOutputOnly(property)) {
        return [{ path: at, message: 'is output only: no request may name it', ignored: true }];
      }
      return this.findings(property, one, at, side);
    });
  }
}

const isOutputOnly = ({ readOnly, description = '' }: Schema): boolean =>
  readOnly === true || /^(?:Optional\. )?Output only\b/.test(description);

function textFindings({ format, enum: values, pattern }: Schema, value: string, path: string): Finding[] {
  const got = brief(value);
  if (values && !values.includes(value)) return [{ path, message: `expected one of ${values.join(', ')}, got ${got}` }];
  const form = formats[format ?? ''];
  if (form && !form.test(value)) return [{ path, message: `expected the form ${format}, got ${got}` }];
  if (pattern && !new RegExp(pattern).test(value)) return [{ path, message: `expected ${pattern}, got ${got}` }];
  return [];
}

const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

const readBoolean = (text: string): unknown => (text === 'true' ? true : text === 'false' ? false : text);

const methodsOf = ({ methods = {}, resources = {} }: Resource): Method[] => [
  ...Object.values(methods),
  ...Object.values(resources).flatMap(methodsOf),
];

/** `v2/{+name}:wait` with the patterns of its labels. */
function patternOf(path: string, parameters: Record<string, Schema>): { pattern: RegExp; labels: string[] } {
  const labels: string[] = [];
  const source = path.replaceAll(/\{\+?(\w+)\}/g, (_all, label: string) => {
    labels.push(label);
    const of = parameters[label]?.pattern?.replace(/^\^|\$$/g, '') ?? '[^/]+';
    return `(${of.replaceAll(/\((?!\?)/g, '(?:')})`;
  });
  return { pattern: new RegExp(`^/${source}$`), labels };
}
