/** What expressions are evaluated with. */
export interface ExpressionContext {
  'context.Request.IpAddress': string;
  'context.Request.Method': string;
  'context.Operation.UrlTemplate': string;
}

const comparison = /^(?<member>context(?:\.\w+)+)\s*==\s*"(?<text>[^"]*)"$/;

/** Whether text is an expression of a policy and not text. */
export const isExpression = (text: string): boolean => /^@[({]/.test(text);

/**
 * The value of a policy expression: a member of `context`, or comparisons of members with texts joined by `||`. All that
 * the product writes; anything else is refused, as what does not compile.
 */
export function evaluate(expression: string, context: ExpressionContext): string | boolean {
  const inside = /^@\((?<inside>.*)\)$/s.exec(expression)?.groups?.['inside']?.trim();
  if (inside === undefined) throw new SyntaxError(`cannot be compiled: ${expression}`);
  if (!inside.includes('==')) return memberOf(inside, context);
  return inside.split('||').some((part) => {
    const groups = comparison.exec(part.trim())?.groups;
    if (!groups) throw new SyntaxError(`cannot be compiled: ${part}`);
    return memberOf(groups['member'] ?? '', context) === groups['text'];
  });
}

function memberOf(name: string, context: ExpressionContext): string {
  if (!Object.hasOwn(context, name)) throw new SyntaxError(`cannot be compiled: ${name} does not exist`);
  return context[name as keyof ExpressionContext];
}
