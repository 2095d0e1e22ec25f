import { assertEquals } from "@std/assert";
import { browserTest } from "./chromium.ts";
import { layoutShift } from "./layout_shift.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();
/** Pieces that a page comes in, and the pause before each: longer than a frame, so that a browser may paint between. */
const PIECES = 4, PAUSE_MS = 40;

/** Hands on what the site answers; documents in pieces. */
function serveSlowly(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = await fetch(site.origin + pathname + search, {
      headers: { accept: request.headers.get("accept")! },
    });
    if (!answer.headers.get("content-type")?.startsWith("text/html")) return answer;
    return new Response(inPieces(await answer.bytes()), { status: answer.status, headers: answer.headers });
  });
}

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const pieceBytes = Math.ceil(bytes.length / PIECES);
  let start = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, PAUSE_MS));
      controller.enqueue(bytes.slice(start, start += pieceBytes));
      if (start >= bytes.length) controller.close();
    },
  });
}

browserTest("a page that comes in pieces does not move", async () => {
  const server = serveSlowly();
  const origin = `http://127.0.0.1:${server.addr.port}`;
  try {
    for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
      await withPage(async (page) => {
        for (const path of site.paths()) {
          await page.goto(origin + path);
          assertEquals(await layoutShift(page), [], `${path} moves at ${viewport.width}`);
        }
      }, { viewport });
    }
  } finally {
    await server.shutdown();
  }
});
