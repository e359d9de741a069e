/** A JSON object of an API. */
export type Fields = Record<string, unknown>;

export const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields;
