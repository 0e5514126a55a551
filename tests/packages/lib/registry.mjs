// A container registry with one image, on a free port of the loopback address: the base on which the container image is built.
// It has one layer with a passwd file, and runs as root, so that a user without rights can only come from the project.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../../shared/temporary.mjs';

const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The file that only the base image has. */
export const passwd = 'root:x:0:0::/root:/sbin/nologin\napp:x:1654:1654::/home/app:/sbin/nologin\n';

function layer() {
  const folder = temporaryFolder('base');
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/passwd'), passwd);
  return execFileSync('tar', ['-C', folder, '--sort=name', '--owner=0', '--group=0', '--mtime=@0', '--format=ustar', '-cf', '-', 'etc']);
}

/** Starts it, on a free port unless one is given; resolves with `{ port, environment, stop }`, the environment being that of scripts/release.sh. */
export async function startRegistry(port = 0) {
  const tar = layer();
  const packed = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { User: 'root', Env: ['PATH=/usr/bin'], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'base' }],
    }),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(packed), size: packed.length }],
    }),
  );
  const answers = new Map([
    ['/v2/', ['application/json', Buffer.from('{}')]],
    ['/v2/base/manifests/1', [type, manifest]],
    [`/v2/base/manifests/${digestOf(manifest)}`, [type, manifest]],
    [`/v2/base/blobs/${digestOf(config)}`, ['application/octet-stream', config]],
    [`/v2/base/blobs/${digestOf(packed)}`, ['application/octet-stream', packed]],
  ]);
  const server = createServer((request, response) => {
    const [contentType, body] = answers.get(request.url) ?? [];
    if (body === undefined || !['GET', 'HEAD'].includes(request.method)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': body.length, 'Docker-Content-Digest': digestOf(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  const chosen = server.address().port;
  const host = `localhost:${String(chosen)}`;
  return {
    port: chosen,
    environment: { CONTAINER: '1', CONTAINER_BASE: `${host}/base:1`, DOTNET_CONTAINER_INSECURE_REGISTRIES: host },
    stop: () =>
      new Promise((stopped) => {
        server.close(stopped);
        server.closeAllConnections();
      }),
  };
}
