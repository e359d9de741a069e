/** What is wrong with a `${…}`, in words that follow the field's path. */
export interface InterpolationFault {
  message: string;
  hint: string;
}

const escapeHint = 'Write $${ for a literal ${.';

/**
 * Puts environment variables in: `${NAME}` alone, `$${` stands for `${`. The result is text whatever it holds: it is
 * neither read as YAML nor looked at for further `${`. Nothing else of any shell or of GitHub's expressions is known.
 */
export function interpolate(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): { text: string; faults: InterpolationFault[] } {
  const faults: InterpolationFault[] = [];
  const result = text.replace(/\$\$\{|\$\{\{|\$\{([^}]*)(\}?)/g, (found, name: string | undefined, close: string) => {
    if (found === '$${') return '${';
    const fault = faultOf(found, name, close);
    if (fault) faults.push(fault);
    else if (Object.hasOwn(env, name as string) && env[name as string] !== undefined)
      return env[name as string] as string;
    else faults.push(missing(name as string));
    return found;
  });
  return { text: result, faults };
}

function faultOf(found: string, name: string | undefined, close: string): InterpolationFault | undefined {
  if (found === '${{') {
    const hint = 'Pass the value with env: in the workflow and write ${NAME} here.';
    return { message: 'expected ${NAME}, got a GitHub expression ${{ … }}, which only workflow files know.', hint };
  }
  if (close === '') return { message: 'expected ${NAME}, got a ${ without its }.', hint: escapeHint };
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name ?? '')) return undefined;
  const got = JSON.stringify(found.length > 40 ? `${found.slice(0, 40)}…` : found);
  return {
    message: `expected \${NAME} of letters, digits and _, without a default or operator, got ${got}.`,
    hint: escapeHint,
  };
}

const missing = (name: string): InterpolationFault => ({
  message: `expected the environment variable ${name} to be set, got nothing.`,
  hint: `Set ${name}, in a workflow under env:, or write the value here.`,
});
