/**
 * Pages over a tracker and a registry, written on the server: nothing is loaded from elsewhere.
 *
 * @module
 */
export { createPages } from "./pages.ts";
export type { PageDeps } from "./routes/context.ts";
export type { PromotionAccess } from "./routes/promotion_routes.ts";
