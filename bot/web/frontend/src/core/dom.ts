// Making elements. Data goes into the page as text, never as HTML.

type Child = Node | string | null | undefined | false;
type Properties<E> = Partial<Omit<E, "style" | "dataset" | "children" | "classList">> & {
  /** Attributes that are no properties, such as data-*. null and false leave one out. */
  attrs?: Record<string, string | number | boolean | null | undefined>;
};

/** Make an element: el("button", { type: "button", ariaPressed: "true", onclick: toggle }, "Loop"). */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  const { attrs = {}, ...rest } = properties;
  Object.assign(element, rest);
  for (const [key, value] of Object.entries(attrs)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** A button with a text, what it does, and perhaps a class. */
export function button(text: string, pressed: (event: MouseEvent) => void, className = ""): HTMLButtonElement {
  return el("button", { type: "button", className, onclick: pressed }, text);
}

/** Let the browser save a file. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Fire an event of a component: it bubbles, and leaves shadow roots. */
export function fire<T>(from: EventTarget, name: string, detail?: T): void {
  from.dispatchEvent(new CustomEvent<T>(name, { detail: detail as T, bubbles: true, composed: true }));
}
