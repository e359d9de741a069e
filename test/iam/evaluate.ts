import type { PolicyDocument, Statement } from '../../src/iam/aws/policy.ts';

/** A call as IAM judges it. */
export interface Access {
  action: string;
  resource: string;
  /** Condition keys that the call has; a key that it does not have is absent. */
  context?: Record<string, string>;
}

/** `*` is any text, `?` any character. */
export function wild(pattern: string, text: string, flags = ''): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, `s${flags}`).test(text);
}

const listOf = (value: string | string[]): string[] => (typeof value === 'string' ? [value] : value);

const tests: Record<string, (pattern: string, value: string) => boolean> = {
  StringEquals: (pattern, value) => pattern === value,
  StringLike: (pattern, value) => wild(pattern, value),
  ArnEquals: (pattern, value) => wild(pattern, value),
  ArnLike: (pattern, value) => wild(pattern, value),
};

/** All operators must hold, all keys of each, and one value of each key. A key that the call does not have holds not. */
export function holds(condition: Statement['Condition'], context: Record<string, string>): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) => {
    const test = tests[operator.replace(/^ForAnyValue:/, '')];
    if (!test) throw new Error(`The evaluator does not know the operator ${operator}.`);
    return Object.entries(keys).every(([key, values]) => {
      const value = context[key];
      return value !== undefined && listOf(values).some((pattern) => test(pattern, value));
    });
  });
}

const applies = (statement: Statement, { action, resource, context = {} }: Access): boolean =>
  statement.Action.some((pattern) => wild(pattern, action, 'i')) &&
  (statement.Resource ?? []).some((pattern) => wild(pattern, resource)) &&
  holds(statement.Condition, context);

/** The statements that allow the call; none where one denies it. */
export function allowing(policies: readonly PolicyDocument[], access: Access): Statement[] {
  const applying = policies.flatMap(({ Statement }) => Statement.filter((one) => applies(one, access)));
  return applying.some(({ Effect }) => Effect === 'Deny') ? [] : applying;
}
