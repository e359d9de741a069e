import { modelsJsonSchema } from './json-schema.ts';

/** The parts of JSON Schema that ours uses. */
interface Field {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Field[];
  oneOf?: Field[];
  items?: Field;
  properties?: Record<string, Field>;
  additionalProperties?: Field | boolean;
  required?: string[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
}

interface Section {
  title: string;
  lead: string;
  fields: Record<string, Field>;
  required: readonly string[];
}

/** Markdown: a table for each mapping of models.yaml, from the same schema that checks it. */
export function configReference(): string {
  const sections: Section[] = [];
  collect('models.yaml', modelsJsonSchema() as Field, sections);
  return sections.map(formatSection).join('\n\n');
}

/** Adds the mapping and the mappings inside it, each under its path; targets of models are those of environments. */
function collect(title: string, field: Field, sections: Section[]): void {
  if (title === '`models.<name>.target`') return;
  const variants = field.oneOf ?? field.anyOf ?? [];
  for (const variant of variants) {
    const which = ['provider', 'kind'].find((name) => variant.properties?.[name]?.const !== undefined);
    const value = which && variant.properties?.[which]?.const;
    collect(which ? `${title}, \`${which}: ${value}\`` : title, variant, sections);
  }
  if (field.properties) {
    sections.push({
      title,
      lead: field.description ?? '',
      fields: field.properties,
      required: field.required ?? [],
    });
    for (const [name, inner] of Object.entries(field.properties)) collect(join(title, name), inner, sections);
  }
  if (typeof field.additionalProperties === 'object') {
    collect(join(title, '<name>'), field.additionalProperties, sections);
  }
  if (field.items) collect(title, field.items, sections);
}

const join = (title: string, name: string): string => {
  const path = /`([^`]*)`/.exec(title)?.[1];
  const suffix = title.slice(title.indexOf('`, ') + 1).startsWith(', ') ? title.slice(title.indexOf('`, ') + 1) : '';
  return `\`${path ? `${path}.` : ''}${name}\`${suffix}`;
};

function formatSection({ title, lead, fields, required }: Section): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    const standing = required.includes(name) ? 'required' : (formatDefault(field) ?? '');
    return `| \`${name}\` | ${kindOf(field)} | ${standing} | ${inCell(field.description ?? '')} |`;
  });
  const heading = `### ${title}`;
  const table = ['| field | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return [heading, ...(lead && title !== 'models.yaml' ? [lead] : []), table].join('\n\n');
}

const formatDefault = (field: Field): string | undefined => {
  if (field.default === undefined) return undefined;
  const text = typeof field.default === 'string' ? field.default : JSON.stringify(field.default);
  return `\`${text}\``;
};

/** What may stand there, in few words. */
function kindOf(field: Field): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(' ');
  const variants = field.anyOf ?? field.oneOf;
  if (variants) {
    const [first, ...others] = [...new Set(variants.map(kindOf))];
    return others.length === 1 && others[0] === `list of ${first}`
      ? `${first}, or a list`
      : [first, ...others].join(' or ');
  }
  if (field.type === 'integer' || field.type === 'number') return numberKind(field);
  if (field.type === 'array') return `list of ${field.items ? kindOf(field.items) : 'values'}`;
  if (field.type === 'object') return 'mapping';
  return field.type === 'boolean' ? '`true` `false`' : 'text';
}

function numberKind({ type, minimum, maximum }: Field): string {
  const what = type === 'integer' ? 'whole number' : 'number';
  return minimum === undefined || maximum === undefined ? what : `${what}, ${minimum} to ${maximum}`;
}

/** A bar would end the cell. */
const inCell = (text: string): string => text.replaceAll('|', '\\|');
