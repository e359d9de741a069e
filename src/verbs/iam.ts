import { selectEnvironment, selectModels } from '../config/select.ts';
import type { Environment } from '../config/types.ts';
import { InputError, type Problem } from '../errors.ts';
import { type IamRole, policySetsFor, verbsOf } from '../iam/iam.ts';
import { type PolicySet, renderScript } from '../iam/policy-set.ts';
import { nearest } from '../inputs.ts';
import { policySubject } from '../steps/policy-subject.ts';
import { readConfig } from '../steps/read-config.ts';
import { markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import type { WorkInput } from '../steps/workspace.ts';

export interface IamInput extends WorkInput {
  role: string[];
  verbs: string[];
  repository?: string | undefined;
  account?: string | undefined;
}

const roles = ['pipeline', 'preview', 'function'] as const;

/** Throws one InputError with everything that is wrong. */
function checkInput({ role, repository, account }: IamInput): readonly IamRole[] {
  const problems: Problem[] = [];
  for (const name of role.filter((one) => !(roles as readonly string[]).includes(one))) {
    const close = nearest(name, roles);
    const message = `expected one of ${roles.join(', ')}, got ${JSON.stringify(name)}.`;
    problems.push({ path: '--role', message, hint: close && `Did you mean ${close}?` });
  }
  if (repository !== undefined && !/^[A-Za-z0-9-]{1,39}\/[\w.-]{1,100}$/.test(repository)) {
    problems.push({ path: '--repository', message: 'expected owner/name, such as acme/models.' });
  }
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    problems.push({ path: '--account', message: 'expected the twelve digits of an AWS account.' });
  }
  if (problems.length > 0) throw new InputError(problems);
  return role.length === 0 ? ['pipeline', 'function'] : roles.filter((one) => role.includes(one));
}

/** The document of `--json`: policy files with their content, so that nothing has to be parsed out of a script. */
const documentOf = ({ files, ...policySet }: PolicySet): Record<string, unknown> => ({
  ...policySet,
  documents: files,
});

function report(environment: Environment, policySets: readonly PolicySet[], script: string): VerbResult {
  const results = policySets.map(documentOf);
  const rows = policySets.map(({ cloud, role, name, files }) => [
    cloud,
    role,
    name,
    files.map((p) => p.file).join(', '),
  ]);
  const head =
    policySets.length > 0
      ? `${environment.name} needs ${policySets.length} ${policySets.length === 1 ? 'identity' : 'identities'}: ${policySets.map(({ name }) => name).join(', ')}.`
      : `${environment.name} is on this machine: no permissions are needed.`;
  const notes = policySets.flatMap((policySet) => policySet.notes.map((note) => `  ${policySet.name}: ${note}`));
  return {
    outputs: { results: JSON.stringify(results) },
    document: { environment: environment.name, results },
    summary: `## Coldgate iam\n\n${head}\n\n${markdownTable(['cloud', 'role', 'name', 'files'], rows)}`,
    verbatim: true,
    lines: [head, ...notes],
    text: policySets.length > 0 ? script : undefined,
  };
}

/** `coldgate iam`. Asks no store and no target. */
export async function run(input: IamInput, context: Context): Promise<VerbResult> {
  const checked = checkInput(input);
  const config = await readConfig(input.config, context, { checkFiles: false });
  const environment = selectEnvironment(config, input.environment);
  const models = selectModels(config, input.model ?? []);
  const repository = input.repository ?? (await context.source()).repository;
  const subject = policySubject(config, environment, models, { repository, account: input.account });
  const policySets = policySetsFor(subject, checked, input.verbs);
  const job = checked.find((role) => role !== 'function') ?? 'pipeline';
  return report(environment, policySets, renderScript(environment.name, verbsOf(job, input.verbs), policySets));
}
