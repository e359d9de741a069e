import { join } from 'node:path';
import { lacksPython, pipInstall } from '../test/emulators/commands.ts';
import { folderOf, install, type Part } from '../test/emulators/part.ts';

/** What stands beside us on S3: AWS's own command line, the one in Python, with its default settings. */
export const awsCli: Part = {
  name: 'aws-cli',
  version: '1.45.11',
  from: 'PyPI',
  lacks: lacksPython,
  install: (folder) => pipInstall(folder, join(import.meta.dirname, 'aws-cli.txt')),
};

/** Installs it unless it is there, and answers the words that begin a command. Throws where it cannot be had. */
export async function awsCommand(): Promise<string[]> {
  await install(awsCli);
  // Not the installed script: its first line names the folder that the part was built in.
  return [join(folderOf(awsCli), 'bin', 'python'), '-m', 'awscli'];
}
