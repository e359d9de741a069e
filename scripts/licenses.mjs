/**
 * The licences of what is bundled: dist/licenses.txt names every package whose code is in dist/, the handler's bundle
 * included, with the licence it is under and the text. A package whose licence is not allowed here, or that has no text,
 * fails the build, and with it the check of dist/ in CI.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that let their code be bundled, changed and passed on, for the price of naming them. */
export const allowed = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Zlib'];

/**
 * Packages whose archive has no licence file, though their package.json and their repository name one, and who holds
 * their copyright: they get its standard text. Looked at one by one; a new one is a decision.
 */
const withoutFile = {
  '@aws-sdk/credential-provider-http': 'Amazon.com, Inc. or its affiliates',
  '@aws-sdk/credential-provider-login': 'Amazon.com, Inc. or its affiliates',
  '@aws-sdk/nested-clients': 'Amazon.com, Inc. or its affiliates',
  '@nodable/entities': 'Amit Gupta',
  'data-uri-to-buffer': 'Nathan Rajlich',
  'onnxruntime-node': 'Microsoft Corporation',
  'stream-events': 'Stephen Sawchuk',
  stubs: 'Stephen Sawchuk',
};

const standardTexts = {
  MIT: join(import.meta.dirname, 'mit-licence.txt'),
  'Apache-2.0': join(import.meta.dirname, '..', 'LICENSE'),
};
const read = (path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim();

/** The package that a bundled file belongs to: the folder below the last node_modules of its path. */
export function packageFolder(file) {
  return /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)?.[1];
}

/** `MIT`, `(Apache-2.0 AND BSD-3-Clause)`, or the object that old packages have. */
const licenceOf = ({ license, licenses }) => {
  const stated = typeof license === 'object' ? license?.type : license;
  return stated ?? licenses?.map(({ type }) => type).join(' AND ') ?? 'none';
};

/** All parts of an expression must be allowed: of a choice (OR) nobody has said which one is taken. */
const isAllowed = (licence) =>
  licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' AND ')
    .every((part) => allowed.includes(part));

function textOf(folder, name, licence) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)(?![a-z])/i.test(file));
  if (files.some((file) => !/^notice/i.test(file))) {
    return files
      .sort()
      .map((file) => read(join(folder, file)))
      .join('\n\n');
  }
  const [holder, standard] = [withoutFile[name], standardTexts[licence]];
  return holder && standard ? read(standard).replace('<holder>', holder) : undefined;
}

/**
 * The text of licenses.txt for the packages at these folders. Throws Error with every package that has no text or whose
 * licence is not allowed.
 */
export function licensesOf(folders) {
  const problems = [];
  /** Text to the packages that are under it: the same text stands once. */
  const packages = new Map();
  for (const folder of folders) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const title = `${manifest.name} ${manifest.version}`;
    const licence = licenceOf(manifest);
    const text = textOf(folder, manifest.name, licence);
    if (!isAllowed(licence))
      problems.push(`${title} is under ${licence}, which is not on the list of allowed licences.`);
    else if (text === undefined) problems.push(`${title} (${licence}) has no licence text in its archive.`);
    else packages.set(text, [...new Set([...(packages.get(text) ?? []), `${title} (${licence})`])].sort());
  }
  if (problems.length > 0) {
    const next = 'Take another package, or decide about it in scripts/licenses.mjs.';
    throw new Error(`Licences of bundled packages:\n${problems.sort().join('\n')}\n${next}`);
  }
  const parts = [...packages].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`).sort();
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** Folders of the packages that webpack's statistics name files of, and of those that these further files belong to. */
export function bundledPackages(statistics, files) {
  const named = [...readFileSync(statistics, 'latin1').matchAll(/"nameForCondition":"([^"]+)"/g)].map(
    ([, file]) => file,
  );
  const folders = [...named, ...files].map(packageFolder).filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort();
}
