// The page's addresses and which view each shows. Links inside the page change the view without loading the document anew,
// and Back works as with documents.

export interface View {
  /** The element to show. */
  readonly element: HTMLElement;
  /** The document's title, without the page's name. */
  readonly title?: string;
  /** What receives the focus when somebody comes here by a link; else the view's first heading. */
  readonly focus?: HTMLElement;
  /** Called when another view is shown. */
  readonly leave?: () => void;
}

export type Show = (match: RegExpMatchArray) => Promise<View> | View;

export const NAME = "Chiptune Bot";

/** Shows the view of the present address in `outlet`. routes: patterns of paths, and what shows each. */
export class Router {
  private readonly outlet: HTMLElement;
  private readonly routes: readonly (readonly [RegExp, Show])[];
  private readonly missing: () => View;
  private current: View | null = null;
  private visit = 0;
  private title = "";

  constructor(outlet: HTMLElement, routes: readonly (readonly [RegExp, Show])[], missing: () => View) {
    this.outlet = outlet;
    this.routes = routes;
    this.missing = missing;
    window.addEventListener("popstate", () => void this.show(false));
    document.addEventListener("click", (event) => this.followLink(event));
  }

  /** Go to an address of the page. focus: whether the new view's heading receives the focus. */
  async go(address: string, focus = true): Promise<void> {
    if (address !== location.pathname + location.hash) history.pushState(null, "", address);
    await this.show(focus);
  }

  /** Show the view of the present address again. */
  async show(focus: boolean): Promise<void> {
    const visit = ++this.visit;
    const view = await this.find();
    if (visit !== this.visit) return; // somebody went elsewhere meanwhile
    this.current?.leave?.();
    this.current = view;
    this.outlet.replaceChildren(view.element);
    this.title = view.title ? `${view.title} · ${NAME}` : NAME;
    this.announce("");
    for (const link of document.querySelectorAll<HTMLAnchorElement>("nav a")) {
      if (new URL(link.href).pathname === location.pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!focus) return;
    const target = view.focus ?? view.element.querySelector<HTMLElement>("h1, h2");
    if (target) {
      target.tabIndex = target.tabIndex < 0 ? -1 : target.tabIndex;
      target.focus({ preventScroll: true });
    }
    window.scrollTo({ top: 0 });
  }

  /** Put words in front of the document's title, such as the progress of a tune; "" for none. */
  announce(words: string): void {
    document.title = words ? `${words} · ${this.title}` : this.title;
  }

  private async find(): Promise<View> {
    for (const [pattern, show] of this.routes) {
      const match = location.pathname.match(pattern);
      if (match) return show(match);
    }
    return this.missing();
  }

  private followLink(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!this.routes.some(([pattern]) => pattern.test(link.pathname))) return;
    event.preventDefault();
    void this.go(link.pathname + link.hash);
  }
}
