import type { PolicyFile } from '../policy-set.ts';
import { inlineLimit, type PolicyDocument, policySize } from './policy.ts';

/** The policies of one role, as one run of the script leaves them. */
export interface Attachment {
  /** Name of the role. */
  role: string;
  /** What the names of its policies begin with. */
  owner: string;
  /** Whether no other environment has policies on this role, so that names of older scripts are known for ours. */
  isAlone: boolean;
  /** `arn:aws:iam::123456789012`, to which policies of their own belong. */
  account: string;
}

/** Name of a policy file, by its place: a dot is in no name of an environment, so that no two owners share one. */
export const partName = (owner: string, at: number): string => (at === 0 ? owner : `${owner}.${at + 1}`);

const policyName = ({ file }: PolicyFile): string => file.replace(/\.json$/, '');

/**
 * Commands that give a role these policies and take away those that earlier scripts have given it: inline where all fit into
 * the role, else attached. What is new comes first, so that jobs at work are never without their permissions.
 */
export function attachCommands(to: Attachment, files: readonly PolicyFile[]): string[] {
  const size = files.reduce((sum, { content }) => sum + policySize(content as PolicyDocument), 0);
  const names = files.map(policyName);
  return size <= inlineLimit
    ? [...files.flatMap((file) => putInline(to, file)), ...dropInline(to, names), ...dropManaged(to, [])]
    : [...files.flatMap((file) => attach(to, file)), ...dropInline(to, []), ...dropManaged(to, names)];
}

const putInline = ({ role }: Attachment, file: PolicyFile): string[] => [
  `aws iam put-role-policy --role-name ${role} --policy-name ${policyName(file)} --policy-document file://${file.file}`,
];

/** Too long for an inline policy. IAM keeps five versions of a policy, so all but the one that counts go before another comes. */
function attach({ role, account }: Attachment, file: PolicyFile): string[] {
  const name = policyName(file);
  const arn = `${account}:policy/${name}`;
  return [
    `if aws iam get-policy --policy-arn ${arn} > /dev/null 2>&1; then`,
    ...dropVersions(arn).map((line) => `  ${line}`),
    `  aws iam create-policy-version --policy-arn ${arn} --policy-document file://${file.file} --set-as-default`,
    'else',
    `  aws iam create-policy --policy-name ${name} --policy-document file://${file.file}`,
    'fi',
    `aws iam attach-role-policy --role-name ${role} --policy-arn ${arn}`,
  ];
}

const dropVersions = (arn: string): string[] => [
  `for old in $(aws iam list-policy-versions --policy-arn ${arn} --query "Versions[?!IsDefaultVersion].VersionId" --output text); do`,
  `  aws iam delete-policy-version --policy-arn ${arn} --version-id "$old"`,
  'done',
];

/** Names that a script of this owner gives, or has given, as patterns of a shell. */
function ours({ owner, isAlone }: Attachment): string {
  const numbers = ['[0-9]', '[0-9][0-9]'];
  const before = isAlone ? numbers.map((number) => `${owner}-${number}`) : [];
  return [owner, ...numbers.map((number) => `${owner}.${number}`), ...before].join(' | ');
}

const kept = (names: readonly string[]): string[] => (names.length > 0 ? [`    ${names.join(' | ')}) ;;`] : []);

const dropInline = (to: Attachment, keep: readonly string[]): string[] => [
  `for old in $(aws iam list-role-policies --role-name ${to.role} --query PolicyNames --output text); do`,
  '  case "$old" in',
  ...kept(keep),
  `    ${ours(to)}) aws iam delete-role-policy --role-name ${to.role} --policy-name "$old" ;;`,
  '  esac',
  'done',
];

const dropManaged = (to: Attachment, keep: readonly string[]): string[] => [
  `for arn in $(aws iam list-attached-role-policies --role-name ${to.role} --query "AttachedPolicies[].PolicyArn" --output text); do`,
  '  case "${arn##*/}" in',
  ...kept(keep),
  `    ${ours(to)})`,
  `      aws iam detach-role-policy --role-name ${to.role} --policy-arn "$arn"`,
  ...dropVersions('"$arn"').map((line) => `      ${line}`),
  '      aws iam delete-policy --policy-arn "$arn" || true # not where another role has it',
  '      ;;',
  '  esac',
  'done',
];
