import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import { createContainerMover } from '../../replicator/container/mover.ts';
import { removeContainer } from '../../replicator/container/removal.ts';
import type { ContainerCopy } from '../../replicator/container/types.ts';
import type {
  Finding,
  ResourceRef,
  RestoreOrder,
  SessionContext,
  TargetContext,
} from '../../replicator/mover.ts';
import { Lab } from './lab.ts';
import { ambient, openScopes, type LabScopes } from './scopes.ts';

const smallObjects = 2_000;

/** Containers as users make them: odd names, metadata, an SLO by the `swift` command, a DLO, symlinks. */
const makeContainer = `
import subprocess, tempfile
from concurrent.futures import ThreadPoolExecutor
name, count = sys.argv[1], int(sys.argv[2])
s = swift()
s.put_container(name, {"X-Container-Meta-Colour": "blue", "X-Container-Read": ".r:*,.rlistings"})
s.put_container(name + "-parts")
def many(ns):
    c = swift()
    for n in ns:
        c.put_object(name, f"small/{n:05}", f"object {n} " * (1 + n % 50), content_type="text/plain", headers={"X-Object-Meta-N": str(n)})
with ThreadPoolExecutor(4) as pool:
    list(pool.map(many, [range(k, count, 4) for k in range(4)]))
for odd in ["a b", "a?b#c%41", "a&b;c=\\"d\\"", "it's <b>\`x\`", "new\\nline", "/leading", "two//slashes", "dir/",
            "\\u00fcn\\u00ef/c\\u00f6d\\u00e9", "\\uffee high", "\\U0001f600 astral", "x" * 700, ".hidden", "..", "a/./b/../c"]:
    try:
        s.put_object(name, odd, "body of " + odd, headers={"X-Object-Meta-Note": "caf\\u00e9".encode(), "Content-Disposition": "attachment"})
    except Exception as e:
        print(repr(odd), e, file=sys.stderr)
s.put_object(name, "empty", "")
s.put_object(name, "folder/", "", content_type="application/directory")
s.put_object(name, "later", "expires", headers={"X-Delete-At": "1999999999"})
with tempfile.TemporaryDirectory() as d:
    open(f"{d}/movie", "wb").write(os.urandom(5 << 20))
    subprocess.run(["swift", "upload", "--use-slo", "--segment-size", str(1 << 20), "--object-name", "movie", name, f"{d}/movie"], check=True, capture_output=True)
for n in range(3):
    s.put_object(name + "-parts", f"log/{n}", f"part {n};")
s.put_object(name, "log", "", headers={"X-Object-Manifest": name + "-parts/log/"})
s.put_object(name, "nested", json.dumps([{"path": f"/{name}/movie"}, {"path": f"/{name}-parts/log/0", "range": "0-3"}]), query_string="multipart-manifest=put")
s.put_object(name, "a link", "", content_type="application/symlink", headers={"X-Symlink-Target": name + "/small/00001"})
etag = s.head_object(name, "small/00002")["etag"]
s.put_object(name, "a static link", "", content_type="application/symlink", headers={"X-Symlink-Target": name + "/small/00002", "X-Symlink-Target-Etag": etag})
result(None)`;

/** Everything that a reader sees, through python-swiftclient. */
const fingerprint = `
import hashlib
from concurrent.futures import ThreadPoolExecutor
name = sys.argv[1]
s = swift()
headers, rows = s.get_container(name, full_listing=True)
def one(part):
    c = swift(); seen = {}
    for row in part:
        h, body = c.get_object(name, row["name"])
        seen[row["name"]] = [hashlib.sha256(body).hexdigest(), h["content-type"], h["etag"],
            sorted((k, v) for k, v in h.items() if k.startswith("x-object-meta-") or k in ("content-disposition", "content-encoding", "x-static-large-object")),
            # The listing of a container with versioning counts a static symlink's target.
            len(body), row["content_type"], row.get("slo_etag")]
    return seen
with ThreadPoolExecutor(4) as pool:
    seen = {k: v for part in pool.map(one, [rows[k::4] for k in range(4)]) for k, v in part.items()}
result({"objects": seen, "headers": {k: v for k, v in headers.items() if (k.startswith("x-container-meta-") and "farshore" not in k) or k in ("x-container-read", "x-container-write")}})`;

const change = `
name = sys.argv[1]
s = swift()
s.put_object(name, "small/00000", "overwritten")
s.post_object(name, "small/00003", {"X-Object-Meta-Posted": "yes", "Content-Type": "text/html"})
s.delete_object(name, "small/00004")
s.delete_object(name, "a link")
s.put_object(name, "added", "a new one")
s.post_object(name, "movie", {"X-Object-Meta-Posted": "yes"})
result(None)`;

interface Seen {
  readonly objects: Readonly<Record<string, unknown>>;
  readonly headers: unknown;
}

describe('the container mover on real services', function () {
  this.timeout(300_000);
  const run = systemRandom.id().slice(0, 8);
  const name = `cm-${run}`;
  const photos: ResourceRef = { kind: 'container', id: name, name };
  const moved = { bytes: 0, objects: 0, copied: 0, present: 0 };
  const calls: Record<string, number> = {};
  const points: ContainerCopy[] = [];
  const seen: Seen[] = [];
  let lab: Lab;
  let opened: LabScopes;
  let at: TargetContext;
  let session: SessionContext;
  let folder: string;
  let mover: ReturnType<typeof createContainerMover>;

  /** Counts calls; a listing counts once, whatever its pages. */
  function counting(scope: ProjectScope): ProjectScope {
    const store = scope.objectStore;
    const objectStore = new Proxy({} as ObjectStore, {
      get(_empty, property) {
        const member: unknown = Reflect.get(store, property);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const key = `${scope.region} ${String(property)}`;
          calls[key] = (calls[key] ?? 0) + 1;
          return Reflect.apply(member, store, args);
        };
      },
    });
    return { ...scope, objectStore };
  }

  function forget(): void {
    for (const key of Object.keys(calls)) Reflect.deleteProperty(calls, key);
    Object.assign(moved, { bytes: 0, objects: 0, copied: 0, present: 0 });
  }

  async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const rss = (process.memoryUsage().rss / 1024 / 1024).toFixed(0);
    console.log(`      ${what}: ${seconds} s, ${JSON.stringify({ ...moved })}, ${rss} MiB`);
    return value;
  }

  async function protect(id: string): Promise<ContainerCopy> {
    const previous = points.at(-1);
    const own = { ...session, sessionId: id, spoolDir: join(folder, id) };
    const capture = await mover.capture(photos, own);
    const before = previous === undefined ? null : { copy: previous, damage: [] };
    const copy = await mover.ship(capture, before, own);
    await mover.tidy(copy, own);
    return copy;
  }

  const look = async (region: 'east' | 'west', container: string): Promise<Seen> =>
    (await lab.region(region).python(fingerprint, [container])) as Seen;

  /** By name what differs, so that a failure can be read. */
  function expectSame(found: Seen, expected: Seen): void {
    const names = new Set([...Object.keys(found.objects), ...Object.keys(expected.objects)]);
    const differing = [...names].filter(
      (each) => JSON.stringify(found.objects[each]) !== JSON.stringify(expected.objects[each]),
    );
    const text = differing
      .slice(0, 5)
      .map((each) =>
        JSON.stringify([each, { found: found.objects[each], expected: expected.objects[each] }]),
      );
    expect(differing, text.join('\n')).to.deep.equal([]);
  }

  const order = (mode: RestoreOrder['mode']): RestoreOrder => ({
    executionId: run,
    mode,
    scratch: `farshore-drill-${run}`,
    memo: { get: () => undefined, set: () => Promise.resolve() },
  });

  async function findings(copy: ContainerCopy, depth: 'listing' | 'content') {
    const verified: { readonly findings: readonly Finding[]; readonly objects: number } =
      await mover.verify(copy, depth, at);
    expect(verified.objects).to.equal(copy.objects);
    return verified.findings;
  }

  before(async () => {
    lab = await Lab.up({ say: console.log });
    opened = await openScopes(lab);
    folder = await mkdtemp(join(tmpdir(), 'farshore-cm-'));
    const east = counting(opened.scopes.east);
    const west = counting(opened.scopes.west);
    const store = opened.scopes.west.objectStore;
    const bank = createBank({ store, container: `${name}-bank`, spoolDir: folder, ambient });
    mover = createContainerMover({ ambient, spoolDir: folder });
    at = {
      group: `g ${run}`,
      target: west,
      bank,
      sharedSwift: lab.topology === 'stretched',
      progress: {
        expect: () => undefined,
        moved: ({ bytes = 0, objects = 0 }) => {
          moved.bytes += bytes;
          moved.objects += objects;
        },
        copied: ({ objects = 0 }) => (moved.copied += objects),
        present: ({ objects = 0 }) => (moved.present += objects),
      },
      signal: new AbortController().signal,
    };
    session = {
      ...at,
      sessionId: 's',
      source: east,
      isResumed: false,
      volumeTypes: {},
      maxIncrementals: 0,
      spoolDir: folder,
    };
    await timed('made', () =>
      lab.region('east').python(makeContainer, [name, String(smallObjects)]),
    );
  });

  after(async () => {
    for (const scope of Object.values(opened.scopes)) {
      const there = { ...at, target: scope };
      for await (const container of scope.objectStore.listContainers())
        if (container.name.includes(run)) await removeContainer(container.name, there, ambient);
    }
    await opened.close();
    await rm(folder, { recursive: true });
  });

  it('ships everything, every byte and every property', async () => {
    seen.push(await timed('look', () => look('east', name)));
    points.push(await timed('first pass', () => protect('s1')));
    console.log(`      ${points[0]!.objects} objects, ${JSON.stringify(calls)}`);
    expect(points[0]!.notes).to.deep.equal([]);
    expect(await findings(points[0]!, 'listing')).to.deep.equal([]);
    await timed('content', async () => {
      expect(await findings(points[0]!, 'content')).to.deep.equal([]);
    });
    if (at.sharedSwift) expect(moved.bytes).to.equal(0);
    else expectSame(await look('west', name), seen[0]!);
  });

  it('ships nothing when nothing changed', async () => {
    forget();
    const copy = await timed('unchanged pass', () => protect('s2'));
    expect(await findings(copy, 'listing')).to.deep.equal([]);
    console.log(`      ${JSON.stringify(calls)}`);
    expect(copy.catalog).to.deep.equal(points[0]!.catalog);
    expect(moved).to.include({ bytes: 0, objects: 0, copied: 0 });
    for (const call of ['get', 'head', 'put', 'post', 'copy', 'delete'])
      expect([calls[`east ${call}`], calls[`west ${call}`]]).to.deep.equal([undefined, undefined]);
  });

  it('ships what changed, and keeps the older point', async () => {
    await lab.region('east').python(change, [name]);
    seen.push(await look('east', name));
    forget();
    points.push(await timed('changed pass', () => protect('s3')));
    console.log(`      ${JSON.stringify(calls)}`);
    if (!at.sharedSwift) {
      expectSame(await look('west', name), seen[1]!);
      expect(moved.bytes).to.equal('overwritten'.length + 'a new one'.length);
    }
    for (const point of points) {
      expect(await findings(point, 'listing')).to.deep.equal([]);
      expect(await findings(point, 'content')).to.deep.equal([]);
    }
  });

  it('drills the older point beside everything, and leaves nothing', async () => {
    forget();
    const [old] = points;
    const restored = await timed('drill', () => mover.restore(old!, order('drill'), at));
    expect(restored.name).to.equal(`farshore-drill-${run}-${name}`);
    expect(restored.notes).to.deep.equal([]);
    expect(moved.bytes).to.equal(0);
    expectSame(await look('west', restored.name), seen[0]!);
    const checked = await timed('check', () => mover.check(old!, restored, order('drill'), at));
    expect(checked.state, checked.detail).to.equal('verified');
    expect(await mover.inventory(order('drill').scratch, at)).to.have.length(3);
    await timed('discard', () => mover.discard(old!, order('drill'), at));
    expect(await mover.inventory(order('drill').scratch, at)).to.deep.equal([]);
    for (const point of points) expect(await findings(point, 'listing')).to.deep.equal([]);
  });

  it('deletes the versions that no kept point names, and no other', async () => {
    await lab.region('east').python(`swift().put_object(sys.argv[1], "small/00000", "3")`, [name]);
    forget();
    const newest = await timed('third pass', () => protect('s4'));
    const [old, dropped] = points;
    forget();
    await timed('expiry', () => mover.expire([dropped!], [old!, newest], at));
    console.log(`      ${JSON.stringify(calls)}`);
    expect(calls['west delete']).to.be.within(1, 12);
    for (const point of [old!, newest]) expect(await findings(point, 'content')).to.deep.equal([]);
    const { damaged } = await mover.verify(dropped!, 'listing', at);
    expect(damaged).to.be.greaterThan(0);
  });

  it('fails over to the older point, and checks it', async () => {
    const [old] = points;
    const restored = await timed('failover', () => mover.restore(old!, order('failover'), at));
    console.log(`      ${restored.notes.join('; ')}`);
    const live = await look('west', name);
    expectSame(live, seen[0]!);
    expect(live.headers).to.deep.equal(seen[0]!.headers);
    const checked = await timed('check', () => mover.check(old!, restored, order('failover'), at));
    expect(checked.state, checked.detail).to.equal('verified');
    forget();
    await timed('again', () => mover.restore(old!, order('failover'), at));
    expect(calls['west restoreVersion']).to.equal(undefined);
    expect(calls['west copy']).to.equal(undefined);
  });
});
