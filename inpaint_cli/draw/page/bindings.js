import { byId } from "./dom.js";

/** @import { Page } from "./main.js" */
/** @import { Tool } from "./types.js" */

const ZOOM = 1.25;
const SIZE = 0.04; // of the slider

/**
 * Connect the toolbar's buttons with their actions.
 *
 * @param {Page} page
 */
export function bindButtons(page) {
  /** @type {Record<string, () => unknown>} */
  const actions = {
    lines: () => page.showLines(!page.stage.showsLines),
    undo: () => page.step("undo"),
    redo: () => page.step("redo"),
    "wipe-toggle": () => page.toggleWipe(),
    "variants-toggle": () => page.toggleVariants(),
    "zoom-out": () => page.zoom(1 / ZOOM),
    "zoom-fit": () => page.fit(),
    "zoom-in": () => page.zoom(ZOOM),
    previous: () => page.turnTo(page.photo - 1),
    next: () => page.turnTo(page.photo + 1),
    help: () => page.showKeys(),
    save: () => page.save(),
    finish: () => page.finish(),
  };
  for (const [id, action] of Object.entries(actions)) byId(id, HTMLButtonElement).addEventListener("click", action);
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", (event) => {
      page.chooseTool(/** @type {Tool} */ (button.getAttribute("data-tool")));
      if (event instanceof MouseEvent && event.detail) page.stage.element.focus(); // so that Space pans; keys stay here
    });
  }
  const size = byId("size", HTMLInputElement);
  size.addEventListener("input", () => page.resize(Number(size.value) / 100));
  const before = byId("before", HTMLButtonElement);
  before.addEventListener("pointerdown", () => page.showBefore(true));
  for (const end of ["pointerup", "pointercancel", "pointerleave", "blur"]) {
    before.addEventListener(end, () => page.showBefore(false));
  }
  for (const [type, shown] of /** @type {const} */ ([["keydown", true], ["keyup", false]])) {
    before.addEventListener(type, (event) => [" ", "Enter"].includes(event.key) && page.showBefore(shown));
  }
  addEventListener("beforeunload", (event) => {
    if (page.drawings.all.some((drawing) => !drawing.isSaved) && !byId("finish", HTMLButtonElement).disabled) event.preventDefault();
  });
}

/**
 * Connect the keyboard shortcuts, which are off while a dialog is open.
 *
 * @param {Page} page
 */
export function bindKeys(page) {
  /** @type {Record<string, () => unknown>} */
  const plain = {
    b: () => page.chooseTool("brush"),
    e: () => page.chooseTool("eraser"),
    l: () => page.chooseTool("lasso"),
    r: () => page.chooseTool("box"),
    p: () => page.chooseTool("pencil"),
    x: () => page.chooseTool("rubber"),
    g: () => page.showLines(!page.stage.showsLines),
    m: () => page.toggleMask(),
    o: () => page.showBefore(true),
    w: () => page.toggleWipe(),
    v: () => page.toggleVariants(),
    "[": () => page.stepSize(-SIZE),
    "]": () => page.stepSize(SIZE),
    "+": () => page.zoom(ZOOM),
    "=": () => page.zoom(ZOOM),
    "-": () => page.zoom(1 / ZOOM),
    0: () => page.fit(),
    1: () => page.zoom(1 / devicePixelRatio / page.stage.view.scale),
    "?": () => page.showKeys(),
    delete: () => page.clear(),
    pageup: () => page.turnTo(page.photo - 1),
    pagedown: () => page.turnTo(page.photo + 1),
  };
  /** @type {Record<string, () => unknown>} */
  const withControl = {
    z: () => page.step("undo"),
    "shift+z": () => page.step("redo"),
    y: () => page.step("redo"),
    s: () => page.save(),
  };
  const { dataset } = document.documentElement;
  addEventListener("pointerdown", () => (dataset.input = "pointer"), { capture: true });
  addEventListener("keydown", (event) => {
    if (["Tab", "Enter"].includes(event.key) || event.key.startsWith("Arrow")) dataset.input = "keys"; // show the focus
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (key === " " && !(event.target instanceof HTMLButtonElement)) {
      if (!event.repeat) page.input.pan(true);
      event.preventDefault();
      return;
    }
    const action = command ? withControl[event.shiftKey ? `shift+${key}` : key] : plain[key];
    if (!action || (event.altKey && !command)) return;
    event.preventDefault();
    if (!event.repeat || "[]+-=zy".includes(key)) action();
  });
  addEventListener("keyup", (event) => {
    if (event.key === " ") page.input.pan(false);
    if (event.key.toLowerCase() === "o") page.showBefore(false);
  });
  addEventListener("blur", () => {
    page.input.pan(false);
    page.showBefore(false);
  });
}
