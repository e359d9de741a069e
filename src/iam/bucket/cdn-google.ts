import { type Advice, cdnName, type Premises, quoted, readHost, versionAreasOf } from './advice.ts';

/** Base64 as URLs carry it. */
const safe = "base64 | tr -d '\\n' | tr '+/' '-_'";

const compute = (kind: string, verb: string, name: string, ...rest: string[]): string =>
  ['gcloud compute', kind, verb, name, ...rest].join(' ');

/** Makes what is not there. */
const made = (kind: string, name: string, ...flags: string[]): string =>
  `${compute(kind, 'describe', name, ...flags.filter((flag) => flag === '--global'))} >/dev/null 2>&1 || ${compute(kind, 'create', name, ...flags)}`;

/** The cache, and the right to fill it: with the first key Google makes the account that does. */
function cacheOf(premises: Premises, name: string): string[] {
  const { bucket } = premises;
  const inVersions = versionAreasOf(premises)
    .map((area) => `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${area}")`)
    .join(' || ');
  const keys = compute('backend-buckets', 'describe', name, "--format='value(cdnPolicy.signedUrlKeyNames)'");
  const member = 'serviceAccount:service-$NUMBER@cloud-cdn-fill.iam.gserviceaccount.com';
  return [
    'PROJECT=$(gcloud config get-value project)',
    made(
      'backend-buckets',
      name,
      `--gcs-bucket-name=${quoted(bucket)} --enable-cdn --cache-mode=USE_ORIGIN_HEADERS --compression-mode=DISABLED`,
      '--request-coalescing --serve-while-stale=86400 --signed-url-cache-max-age=31536000',
      '--negative-caching --negative-caching-policy=404=1',
    ),
    // Google shows no key that it has: one of another file would sign in vain.
    `if ${keys} | grep -q coldgate; then`,
    `  [ -f coldgate-cdn.key ] || { echo "coldgate-cdn.key is not here: bring it from where this has run before, or take its key away: ${compute('backend-buckets', 'delete-signed-url-key', name, '--key-name=coldgate')}" >&2; exit 1; }`,
    'else',
    "  [ -f coldgate-cdn.key ] || head -c 16 /dev/urandom | base64 | tr '+/' '-_' > coldgate-cdn.key",
    `  ${compute('backend-buckets', 'add-signed-url-key', name, '--key-name=coldgate --key-file=coldgate-cdn.key')}`,
    'fi',
    'NUMBER=$(gcloud projects describe "$PROJECT" --format="value(projectNumber)")',
    `gcloud storage buckets add-iam-policy-binding ${quoted(`gs://${bucket}`)} --member="${member}" --role=roles/storage.objectViewer --condition=${quoted(`^:^title=coldgate-versions:expression=${inVersions}`)}`,
  ];
}

const loadBalancer = (host: string, name: string): string[] => [
  made('url-maps', name, '--global', `--default-backend-bucket=${name}`),
  made('ssl-certificates', name, '--global', `--domains=${quoted(host)}`),
  made('target-https-proxies', name, '--global', `--url-map=${name} --ssl-certificates=${name}`),
  made(
    'forwarding-rules',
    name,
    '--global',
    `--target-https-proxy=${name} --ports=443 --load-balancing-scheme=EXTERNAL_MANAGED`,
  ),
  compute('forwarding-rules', 'describe', name, "--global --format='value(IPAddress)'"),
];

/** One signature for all that is below the host. https://cloud.google.com/cdn/docs/using-signed-urls */
const signature = (host: string): string[] => [
  `PREFIX=$(printf '%s' ${quoted(`https://${host}/`)} | ${safe})`,
  'QUERY="URLPrefix=$PREFIX&Expires=$(($(date +%s) + 31536000))&KeyName=coldgate"',
  "HEX=$(tr -- '-_' '+/' < coldgate-cdn.key | base64 -d | od -An -tx1 | tr -d ' \\n')",
  `echo "READ_URL_QUERY=$QUERY&Signature=$(printf '%s' "$QUERY" | openssl dgst -sha1 -mac HMAC -macopt "hexkey:$HEX" -binary | ${safe})"`,
];

/** Cloud CDN in front of the bucket, which stays private. */
export function cdnForGoogle(premises: Premises): Advice[] {
  const name = cdnName(premises);
  const host = readHost(premises);
  return [
    {
      name: 'cdn',
      why: `Cloud CDN reads the versions of the bucket, which stays private, and answers signed requests alone. The last command prints the query of read-url, good for a year: put it into a secret that models.yaml names (read-url: https://${host}/…?\${READ_URL_QUERY}). The path of read-url is the prefix of the store. The load balancer costs by the hour. Point ${host} to the address that is printed; its certificate is made once it does.`,
      files: [],
      commands: [...cacheOf(premises, name), ...loadBalancer(host, name), ...signature(host)],
      optional: false,
    },
  ];
}
