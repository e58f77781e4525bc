import { ensureImage } from '../image.ts';
import { ensureNetwork } from '../network.ts';
import { type Container, docker, unless } from '../runtime.ts';
import { addressOf, labels } from '../topology.ts';

/**
 * A third site in the lab's network, with nothing of OpenStack running; it goes when the lab does.
 * The image is the regions', because it is there and has etcd.
 */
export async function startWitness(
  lab: string,
  binds: readonly string[],
): Promise<{ readonly container: Container; readonly address: string }> {
  const engine = await docker();
  const image = await ensureImage(engine, () => undefined);
  const address = addressOf('witness', await ensureNetwork(engine, lab));
  const name = `${lab}-witness`;
  // 409: it exists already.
  await unless(
    [409],
    engine.createContainer({
      name,
      Hostname: 'witness',
      Image: image,
      Cmd: ['sleep', 'infinity'],
      Labels: { [labels.lab]: lab, [labels.address]: address },
      HostConfig: { NetworkMode: lab, Binds: [...binds], Init: true },
      NetworkingConfig: {
        EndpointsConfig: { [lab]: { IPAMConfig: { IPv4Address: address } } },
      },
    }),
  );
  const container = engine.getContainer(name);
  await unless([304], container.start()); // 304: it runs already
  return { container, address };
}
