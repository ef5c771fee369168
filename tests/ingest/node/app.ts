// A serverless application that reports by docs/examples/typescript/track.ts. Its way to the exporter
// loses what it is told to: the answer to the first batch, or everything for a while.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Tracker } from "./track.js";

const { url, token } = JSON.parse(process.argv[2] ?? "") as { url: string; token: string };
const domain = "shop.example.com";

let lost = 1;
let down = false;
let failed = 0;
let refusal: [number, Record<string, string>] | undefined;
const way = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (down) return void (failed++, request.socket.destroy());
  if (refusal) return void (failed++, response.writeHead(...refusal).end());
  const { host: _, connection: __, ...headers } = request.headers;
  const answer = await fetch(new URL(request.url ?? "/", url), {
    method: "POST", body: Buffer.concat(chunks), headers: headers as Record<string, string>,
  });
  const text = await answer.text();
  if (lost-- > 0) return void request.socket.destroy();
  response.writeHead(answer.status).end(text);
});
await new Promise<void>((ready) => way.listen(0, "127.0.0.1", ready));
const through = `http://127.0.0.1:${(way.address() as AddressInfo).port}`;

const tracker = new Tracker({ url: through, token, maxCalls: 50 });
const cart = tracker.track("get_cart", async (id: string) => ({ id }), { domain, platform: "woocommerce" });
assert.deepEqual(await cart("42"), { id: "42" });

// Exceptions stay what they are.
class HttpError extends Error {
  constructor(readonly status: number) { super("refused"); }
}
const thrown = [
  new HttpError(503), Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } }),
  Object.assign(new Error(), { code: "ETIMEDOUT" }), "a text", undefined, null,
];
for (const error of thrown) {
  const failing = tracker.track("check_order", async () => { throw error; }, { domain });
  await failing().then(() => assert.fail(), (caught) => assert.equal(caught, error));
}

// A refusal that is returned, and a mistake in the function that looks for it.
const coupon = tracker.track("apply_coupon_to_cart", async (ok: boolean) => ok, {
  domain, failure: (ok) => (ok ? undefined : "invalid_coupon"),
});
assert.equal(await coupon(false), false);
const odd = tracker.track("get_cart", async () => 7, { domain, failure: () => { throw new Error(); } });
assert.equal(await odd(), 7);

// The answer to the first is lost; it is sent again with the same key.
await Promise.all([tracker.flush(), tracker.flush()]);

// Nobody listens: calls go on, and what is kept is bounded.
down = true;
for (let call = 0; call < 70; call++) await cart("1");
await tracker.flush();
await tracker.flush(); // The log has one line of both.
for (let call = 0; call < 70; call++) await cart("1");

// Calls by the thousand do not pile up flushes that the end of a request would wait for.
const busy = new Tracker({ url: through, token });
const search = busy.track("search_products", async () => 1, { domain });
failed = 0;
for (let call = 0; call < 1_000; call++) await search();
await busy.flush();
assert.equal(failed, 2, "one attempt, and a second one as the connection broke");
await busy.flush(true);
assert.equal(failed, 4);
down = false;
await tracker.flush();
assert.equal(tracker.dropped, 40);
await tracker.flush(true);
await tracker.flush(true);

// Nor do they ask a server again that wants to be left alone, or after a minute of failures sooner.
for (const [status, headers, soonest] of [
  [429, { "Retry-After": "300" }, 300_000], [503, { "Retry-After": "9e9" }, 600_000], [503, {}, 500], [502, {}, 500],
] as const) {
  const polite = new Tracker({ url: through, token, maxCalls: 1_000 });
  const look = polite.track("search_products", async () => 1, { domain });
  refusal = [status, headers];
  failed = 0;
  const begun = performance.now();
  for (let call = 0; call < 2_000; call++) await look();
  await polite.flush();
  const { resumes } = polite as unknown as { resumes: number };
  assert.ok(resumes - begun >= soonest && resumes - begun < soonest * 2 + 60_000, `pause of ${resumes - begun} ms`);
  assert.ok(failed === 1, `${failed} requests after ${status}`);
  for (let more = 0; more < 20; more++) await polite.flush(true);
  const longest = (polite as unknown as { resumes: number }).resumes - performance.now();
  assert.ok(longest <= Math.max(soonest, 60_000), `pause of ${longest} ms`);
  refusal = undefined;
  // What a pause kept is sent, and then there is no pause any more.
  const { dropped } = polite;
  await polite.flush(true);
  assert.equal(polite.dropped, dropped);
  assert.equal((polite as unknown as { resumes: number }).resumes, 0);
}

// What cannot be sent at all is logged without its secrets.
for (const [to, key] of [[through, "secret-1\nsecret-2"], [through.replace("//", "//user:secret-3@"), token]] as const) {
  const wrong = new Tracker({ url: to, token: key });
  await wrong.track("get_cart", async () => 1, { domain })();
  await wrong.flush();
}

// @ts-expect-error: a type checker finds an error type that is none.
tracker.track("get_cart", async () => 1, { domain, failure: () => "out_of_stok" });

console.log(JSON.stringify({ dropped: tracker.dropped }));
way.close();
way.closeAllConnections();
