// Every call of toxiproxy-node-client against the server whose URL is the first argument; prints
// what each call answered as one JSON line.
const { Toxiproxy } = require("toxiproxy-node-client");

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return error.message;
  }
  return "not refused";
}

async function main(url) {
  const server = new Toxiproxy(url);
  const seen = {};
  seen.version = JSON.parse(await server.getVersion());
  const made = await server.createProxy({ name: "n", listen: "127.0.0.1:0", upstream: "u:1" });
  seen.created = made.toJson();
  seen.again = await refused(() => server.createProxy(made.toJson()));
  seen.got = (await server.get("n")).toJson();
  seen.missing = await refused(() => server.get("nope"));
  seen.updated = (await made.update({ ...made.toJson(), enabled: false })).toJson();
  const kinds = {
    latency: { latency: 9, jitter: 1 },
    bandwidth: { rate: 5 },
    slow_close: { delay: 5 },
    timeout: { timeout: 5 },
    slicer: { average_size: 5, size_variation: 1, delay: 2 },
    reset_peer: { timeout: 5 },
    limit_data: { bytes: 5 },
  };
  seen.toxics = [];
  for (const [type, attributes] of Object.entries(kinds)) {
    const body = { name: type, type, stream: "upstream", toxicity: 0.5, attributes };
    const toxic = await made.addToxic(body);
    const first = Object.keys(attributes)[0];
    const changed = { ...toxic.toJson(), toxicity: 1, attributes: { ...attributes, [first]: 7 } };
    seen.toxics.push(toxic.toJson(), (await toxic.update(changed)).toJson());
    seen.toxics.push((await made.getToxic(type)).toJson());
    await toxic.remove();
  }
  seen.noToxic = await refused(() => made.getToxic("latency"));
  const populated = await server.populate([
    { name: "n", listen: made.listen, upstream: "u:1" },
    { name: "m", listen: "127.0.0.1:0", upstream: "u:1" },
  ]);
  seen.populated = Object.values(populated).map((proxy) => proxy.toJson());
  await server.reset();
  seen.all = Object.values(await server.getAll()).map((proxy) => proxy.toJson());
  await made.remove();
  seen.left = Object.keys(await server.getAll());
  console.log(JSON.stringify(seen));
}

main(process.argv[2]);
