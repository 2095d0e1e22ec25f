import type { Page } from "./ports/tracker.ts";

/** What a search finds, page after page. */
export async function* allPages<T>(
  search: (
    page: { readonly maxResults: number; readonly pageToken?: string },
  ) => Promise<Page<T>>,
): AsyncGenerator<T> {
  let pageToken: string | undefined;
  do {
    const page = await search({ maxResults: 1000, ...(pageToken === undefined ? {} : { pageToken }) });
    yield* page.items;
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
}
