import { describe, expect, it } from 'vitest';
import { readSettings, type SettingsError, type Variables } from '../../src/handler/settings.ts';

const good = { MODEL_STORE: 'file', MODEL_PREFIX: '/models', MODEL_NAME: 'digits' };

const problemsOf = (variables: Variables): readonly string[] => {
  try {
    readSettings(variables);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
};

describe('settings', () => {
  it('needs no more than a store and a name', () => {
    expect(readSettings(good)).toEqual({
      source: { store: 'file', bucket: '', root: '/models' },
      file: undefined,
      model: 'digits',
      models: ['digits'],
      version: undefined,
      pointer: 'current.json',
      followOverSeconds: 0,
      refreshSeconds: 30,
      runTimeoutMs: 25_000,
      maxPayloadBytes: 5120 * 1024,
      cors: [],
      hosts: [],
      threads: undefined,
      revision: undefined,
      page: false,
      cacheFolder: undefined,
    });
  });

  it('takes empty variables as missing ones', () => {
    const empty = { MODEL_VERSION: '', MODEL_POINTER: ' ', COLDGATE_CORS: '', COLDGATE_THREADS: '', MODEL_CACHE: '' };
    expect(readSettings({ ...good, ...empty })).toEqual(readSettings(good));
  });

  it('reads lists and numbers', () => {
    const settings = readSettings({
      ...good,
      COLDGATE_MODELS: 'digits, faces,faces',
      COLDGATE_CORS: 'https://a.example, https://b.example',
      COLDGATE_MAX_PAYLOAD_KB: '64',
      COLDGATE_THREADS: '2',
      MODEL_REFRESH_SECONDS: '5',
    });
    expect(settings.models).toEqual(['digits', 'faces']);
    expect(settings.cors).toEqual(['https://a.example', 'https://b.example']);
    expect(settings).toMatchObject({ maxPayloadBytes: 65_536, threads: 2, refreshSeconds: 5 });
  });

  it.each([
    ['file:///m/digits/model.onnx', '/m/digits', 'model.onnx', 'model'],
    ['file:///m/digits/faces.ort', '/m/digits', 'faces.ort', 'faces'],
    ['file:///m/digits/', '/m/digits', 'model.onnx', 'model'],
    ['file:///a%20b/model.onnx', '/a b', 'model.onnx', 'model'],
    ['file:///model.onnx', '/', 'model.onnx', 'model'],
  ])('reads MODEL_URI %s', (uri, root, file, model) => {
    expect(readSettings({ MODEL_URI: uri })).toMatchObject({ source: { store: 'file', root }, file, model });
  });

  it.each([
    ['s3://bucket/a/b/faces.ort', { store: 's3', bucket: 'bucket', root: 'a/b' }, 'faces.ort', 'faces'],
    ['s3://bucket/a/b/', { store: 's3', bucket: 'bucket', root: 'a/b' }, 'model.onnx', 'model'],
    ['s3://bucket/model.onnx', { store: 's3', bucket: 'bucket', root: '' }, 'model.onnx', 'model'],
    ['s3://bucket', { store: 's3', bucket: 'bucket', root: '' }, 'model.onnx', 'model'],
    ['s3://bucket/a%20b/c+d e.onnx', { store: 's3', bucket: 'bucket', root: 'a%20b' }, 'c+d e.onnx', ''],
    ['gs://bucket_1/a/model.onnx', { store: 'gcs', bucket: 'bucket_1', root: 'a' }, 'model.onnx', 'model'],
    ['azure://account/box/a/model.onnx', { store: 'azure', bucket: 'account/box', root: 'a' }, 'model.onnx', 'model'],
    ['https://h.example/x/digits.onnx?sig=s', { store: 'https', root: 'digits.onnx' }, 'digits.onnx', 'digits'],
    ['https://h.example/o/a%2Fdigits.onnx?alt=media', { store: 'https' }, 'digits.onnx', 'digits'],
    ['https://h.example/download?id=7', { store: 'https', root: 'model.onnx' }, 'model.onnx', 'model'],
    ['http://127.0.0.1:8000/model.onnx', { store: 'https' }, 'model.onnx', 'model'],
  ])('reads MODEL_URI %s', (uri, source, file, model) => {
    const settings = readSettings({ MODEL_URI: uri, ...(model === '' && { MODEL_NAME: 'named' }) });
    expect(settings).toMatchObject({ source, file, model: model || 'named' });
  });

  it.each([
    ['s3', 'bucket', 'MODEL_ENDPOINT', 'https://store.example/s3', 'https://store.example/s3'],
    ['s3', 'bucket', 'AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['s3', 'bucket', 'AWS_ENDPOINT_URL', 'http://localhost:9000', 'http://localhost:9000'],
    ['gcs', 'bucket', 'STORAGE_EMULATOR_HOST', '127.0.0.1:4443', 'http://127.0.0.1:4443'],
    ['gcs', 'bucket', 'STORAGE_EMULATOR_HOST', 'http://[::1]:4443', 'http://[::1]:4443'],
    ['azure', 'account/box', 'MODEL_ENDPOINT', 'https://account.blob.example', 'https://account.blob.example'],
    ['s3', 'bucket', 'STORAGE_EMULATOR_HOST', '127.0.0.1:4443', undefined],
  ])('finds the service of %s (%s) by %s=%s', (store, bucket, variable, value, endpoint) => {
    const variables = { MODEL_STORE: store, MODEL_BUCKET: bucket, MODEL_NAME: 'digits', [variable]: value };
    expect(readSettings(variables).source.endpoint).toBe(endpoint);
  });

  it('reads a prefix without the slashes around it, and a region', () => {
    const cloud = { MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', MODEL_NAME: 'digits' };
    const settings = readSettings({ ...cloud, MODEL_PREFIX: '/a/b/', MODEL_REGION: 'eu-west-1' });
    expect(settings.source).toMatchObject({ root: 'a/b', region: 'eu-west-1' });
  });

  it.each([
    { MODEL_URI: 'https://user:secret@h.example/model.onnx' },
    { MODEL_URI: 'http://h.example/model.onnx?sig=secret' },
    { MODEL_URI: 's3://Bucket/secret' },
    { MODEL_URI: 'secret' },
    { MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', MODEL_NAME: 'a', MODEL_ENDPOINT: 'https://u:secret@h.example' },
    { MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', MODEL_NAME: 'a', MODEL_ENDPOINT: 'https://h.example/?secret' },
    { MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', MODEL_NAME: 'a', MODEL_ENDPOINT: 'http://h.example/secret' },
  ])('never repeats what may be signed: %o', (variables) => {
    const problems = problemsOf(variables);
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain('secret');
  });

  const cloud = { MODEL_STORE: 's3', MODEL_BUCKET: 'bucket', MODEL_NAME: 'digits' };
  it.each([
    [{ ...cloud, MODEL_BUCKET: 'b/../c' }, ['MODEL_BUCKET']],
    [{ ...cloud, MODEL_BUCKET: 'evil.example/x' }, ['MODEL_BUCKET']],
    [{ ...cloud, MODEL_STORE: 'azure' }, ['MODEL_BUCKET']],
    [{ ...cloud, MODEL_STORE: 'azure', MODEL_BUCKET: 'a/b/c' }, ['MODEL_BUCKET']],
    [{ ...cloud, MODEL_REGION: 'eu-west-1.evil.example/' }, ['MODEL_REGION']],
    [{ ...cloud, MODEL_ENDPOINT: 'ftp://127.0.0.1' }, ['MODEL_ENDPOINT']],
    [{ ...cloud, MODEL_ENDPOINT: 'http://10.0.0.1:9000' }, ['MODEL_ENDPOINT']],
    [{ ...cloud, AWS_ENDPOINT_URL: 'http://store.example' }, ['AWS_ENDPOINT_URL']],
    [{ ...cloud, MODEL_STORE: 'gcs', STORAGE_EMULATOR_HOST: 'emulator:4443' }, ['STORAGE_EMULATOR_HOST']],
    [{ MODEL_URI: 'gs://bucket/a.onnx', MODEL_ENDPOINT: 'nonsense' }, ['MODEL_ENDPOINT']],
    [{}, ['MODEL_STORE', 'MODEL_NAME']],
    [{ ...good, MODEL_STORE: 'ftp' }, ['MODEL_STORE']],
    [{ ...good, MODEL_PREFIX: 'models' }, ['MODEL_PREFIX']],
    [{ ...good, MODEL_STORE: 's3' }, ['MODEL_BUCKET']],
    [{ ...good, MODEL_NAME: '../etc' }, ['MODEL_NAME']],
    [{ ...good, COLDGATE_MODELS: 'faces,Bad Name' }, ['COLDGATE_MODELS']],
    [{ ...good, MODEL_VERSION: '1.0' }, ['MODEL_VERSION']],
    [{ ...good, MODEL_POINTER: 'history/0000000001.json' }, ['MODEL_POINTER']],
    [{ ...good, MODEL_REFRESH_SECONDS: '0' }, ['MODEL_REFRESH_SECONDS']],
    [{ ...good, COLDGATE_THREADS: '1.5' }, ['COLDGATE_THREADS']],
    [{ ...good, COLDGATE_PAGE: 'yes' }, ['COLDGATE_PAGE']],
    [{ ...good, COLDGATE_MAX_PAYLOAD_KB: '1e3' }, ['COLDGATE_MAX_PAYLOAD_KB']],
    [{ MODEL_URI: 'ftp://host/model.onnx' }, ['MODEL_URI']],
    [{ ...good, MODEL_SHA256: 'AB' }, ['MODEL_SHA256', 'MODEL_SHA256']],
    [{ MODEL_URI: 'file://host/model.onnx' }, ['MODEL_URI']],
    [{ MODEL_URI: 'file:///a%2Fb/%ff.onnx' }, ['MODEL_URI']],
    [{ ...good, MODEL_VERSION: 'x', COLDGATE_THREADS: '-1' }, ['MODEL_VERSION', 'COLDGATE_THREADS']],
  ])('names every wrong variable of %o', (variables, names) => {
    expect(problemsOf(variables).map((problem) => problem.split(':')[0])).toEqual(names);
  });
});
