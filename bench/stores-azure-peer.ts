/** What stands beside publishing to Azure: the SDK's own upload of a file, with its defaults. No hash, no condition. */
import { BlobServiceClient } from '@azure/storage-blob';

const [path = '', container = '', name = ''] = process.argv.slice(2);
const service = BlobServiceClient.fromConnectionString(process.env['AZURE_STORAGE_CONNECTION_STRING'] ?? '');
await service.getContainerClient(container).getBlockBlobClient(name).uploadFile(path);
