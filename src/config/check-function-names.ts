import type { Findings } from './findings.ts';

interface NameRule {
  /** What the platform calls a function. */
  what: string;
  pattern: RegExp;
  max: number;
  words: string;
}

const nameRules: Readonly<Record<string, NameRule>> = {
  /** https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
  'aws-lambda': {
    what: 'Lambda function',
    pattern: /^[A-Za-z0-9_-]+$/,
    max: 64,
    words: 'at most 64 letters, digits, "-" and "_"',
  },
  /**
   * Cloud Run takes names below 50 characters, but no more than 46 for name and traffic tag together, and Coldgate's tags
   * are of 8: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags
   */
  'google-cloud-run': {
    what: 'Cloud Run service',
    pattern: /^[a-z][a-z0-9-]*$/,
    max: 38,
    words: 'a letter first and at most 38 lower-case letters, digits and "-"',
  },
  /**
   * Apps take 60 characters, of which Coldgate needs 20 for a hash and for candidates; the name is also that of a container:
   * https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
   */
  'azure-functions': {
    what: 'function app',
    pattern: /^[a-z](?:-?[a-z0-9])*$/,
    max: 38,
    words: 'a letter first and at most 38 lower-case letters, digits and single "-"',
  },
};

/** Functions are named `<model>-<environment>`, and platforms take fewer names than a store does. */
export function checkFunctionNames(findings: Findings): void {
  for (const model of findings.keys(['models'])) {
    const own = findings.text(['models', model, 'target', 'provider']);
    for (const environment of findings.keys(['environments'])) {
      const provider = own ?? findings.text(['environments', environment, 'target', 'provider']) ?? '';
      const rule = Object.hasOwn(nameRules, provider) ? nameRules[provider] : undefined;
      const name = `${model}-${environment}`;
      if (rule === undefined || (rule.pattern.test(name) && name.length <= rule.max)) continue;
      const message = `names the ${rule.what} ${name} (${name.length} characters), expected ${rule.words}.`;
      findings.add(['models', model], message, hintFor(model, rule.max - 1 - environment.length));
      break;
    }
  }
}

/** @param room characters that the environment leaves for the model's name */
function hintFor(model: string, room: number): string {
  const letters = model.replaceAll(/[._]/g, '-').replace(/^[^a-z]+/, '');
  const shorter = letters.slice(0, Math.max(room, 0)).replace(/-+$/, '');
  return shorter ? `Rename the model, for instance ${shorter}.` : 'Give the model and the environment shorter names.';
}
