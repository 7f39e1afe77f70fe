import { bindButtons, bindKeys } from "./bindings.js";
import { getBitmap, getJson, ServerError } from "./api.js";
import { Details } from "./details.js";
import { ask, byId } from "./dom.js";
import { Drawings } from "./drawing.js";
import { Fills } from "./fills.js";
import { Input } from "./input.js";
import { finishAll, save, showSaved } from "./saving.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Strip } from "./strip.js";
import { Tools } from "./tools.js";
import { Variants } from "./variants.js";
import { Wipe } from "./wipe.js";

/** @import { PhotoInfo, Result, SessionInfo, Stroke, Tool, Variant } from "./types.js" */

const BUTTON = HTMLButtonElement;
const BRUSH = 0.6; // of the slider

/** The page: what is drawn on the photo that is open, and all that shows it. */
export class Page {
  stage = new Stage();
  status = new Status();
  tools = new Tools(this.stage, (stroke) => this.add(stroke));
  input = new Input(this.tools, (text) => this.status.idle(text));
  wipe = new Wipe(this.stage);
  details = new Details(this.stage);
  photo = 0;
  showsMask = false;
  saving = false;
  #opening = 0;

  /** @param {SessionInfo} session */
  constructor(session) {
    this.session = session;
    this.drawings = new Drawings(session.name, session.photos.length);
    this.fills = session.photos.map((_, photo) => new Fills(photo));
    this.strip = new Strip(session.photos, (photo) => this.turnTo(photo));
    this.variants = new Variants(this.stage, session, (variant) => this.choose(variant), () => this.compare());
    byId("line-tools", HTMLDivElement).hidden = !session.lines;
    this.tools.onPlace = () => this.#showPlace();
    this.stage.onView = () => {
      this.details.refresh();
      this.#showPlace();
    };
  }

  get drawing() {
    return this.drawings.all[this.photo];
  }

  /** @param {number} photo */
  async open(photo) {
    const opening = (this.#opening += 1);
    const { stage } = this;
    this.tools.cancel();
    this.fills[this.photo].stop();
    this.variants.stop();
    this.photo = this.details.photo = photo;
    Object.assign(stage, { info: null, preview: null, detail: null, baseMask: null, seen: null });
    this.#show(null);
    this.#update();
    this.status.busy("started");
    document.title = `${this.session.photos[photo]} – inpaint draw`;
    stage.element.setAttribute("aria-label", `Photo ${this.session.photos[photo]}`);
    const path = `/api/photos/${photo}`;
    /** @type {[PhotoInfo, ImageBitmap]} */
    const [info, bitmap] = await Promise.all([getJson(path), getBitmap(`${path}/preview`)]);
    const mask = info.masked ? await getBitmap(`${path}/mask`) : null;
    if (opening !== this.#opening) return;
    const { view } = stage;
    Object.assign(stage, { info, preview: { box: [0, 0, info.width, info.height], bitmap }, baseMask: mask });
    [view.photoWidth, view.photoHeight] = [info.width, info.height];
    view.fit();
    stage.moved();
    this.resize(BRUSH);
    this.status.idle("");
    await this.changed();
  }

  /** @param {Omit<Stroke, "id">} stroke */
  add(stroke) {
    this.drawing.add(stroke);
    if ((stroke.tool === "pencil" || stroke.tool === "rubber") && !this.stage.showsLines) this.showLines(true);
    this.changed();
  }

  /** @param {"undo" | "redo"} way */
  step(way) {
    this.tools.cancel();
    this.drawing[way]();
    this.changed();
  }

  /** @param {Variant} variant */
  choose(variant) {
    this.drawing.variant = variant;
    this.changed();
  }

  /** The drawing has changed: show it, fill it, and show what came of it. */
  async changed() {
    const { stage, drawing, photo } = this;
    const fills = this.fills[photo];
    this.drawings.store();
    this.variants.stop();
    stage.strokes = drawing.active;
    this.#update();
    stage.redraw();
    stage.fadeMask(false);
    try {
      if (fills.known(drawing.key()) === undefined) this.status.busy("waiting");
      const result = await fills.fill(drawing, drawing.variant, {
        stage: (name, progress) => this.status.busy(/** @type {"started" | "painting" | "finishing"} */ (name), progress),
        lines: (seen) => {
          if (photo !== this.photo) return;
          stage.seen = seen;
          stage.redraw("lines");
        },
      });
      if (result === undefined || photo !== this.photo) return;
      this.#show(result);
      if (this.variants.isOpen && result) this.compare();
    } catch (error) {
      this.failed(error);
    }
  }

  /** @param {Result | null} result */
  #show(result) {
    const { stage } = this;
    Object.assign(stage, { result, resultDetail: null });
    if (result?.seen) stage.seen = structuredClone(result.seen);
    if (!result) stage.seen = null;
    byId("hint", HTMLParagraphElement).hidden = result !== null || !stage.info;
    stage.fadeMask(result !== null && !this.showsMask && !this.tools.live);
    if (result) this.status.done(result.done);
    else this.status.idle("");
    stage.moved();
  }

  /** Say where the tool is, how large the photo is, and how large it is seen. */
  #showPlace() {
    const { info, view } = this.stage;
    const { at } = this.tools;
    const place = at ? view.toPhoto(at.x, at.y).map(Math.floor).join(", ") : "";
    const zoom = `${Math.round(view.scale * 100)} %`;
    const texts = info ? [place, `${info.width} × ${info.height}`, zoom] : [];
    byId("place", HTMLSpanElement).textContent = texts.filter(Boolean).join("  ·  ");
  }

  /** @param {unknown} error */
  failed(error) {
    if (!(error instanceof ServerError)) throw error;
    this.status.error(error.message);
  }

  /** Bring buttons and strip up to date. */
  #update() {
    byId("undo", BUTTON).disabled = !this.drawing.canUndo;
    byId("redo", BUTTON).disabled = !this.drawing.canRedo;
    this.strip.mark(this.photo, this.drawings.all);
  }

  /** @param {Tool} tool */
  chooseTool(tool) {
    if (!this.session.lines && (tool === "pencil" || tool === "rubber")) return;
    this.tools.choose(tool);
    for (const button of document.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-tool") === tool));
    }
    if (tool === "pencil" || tool === "rubber") this.showLines(true);
  }

  /** @param {boolean} shown */
  showLines(shown) {
    this.stage.showsLines = shown;
    byId("lines", BUTTON).setAttribute("aria-pressed", String(shown));
    byId("legend", HTMLSpanElement).hidden = !shown;
    this.stage.redraw("lines");
  }

  toggleMask() {
    this.showsMask = !this.showsMask;
    this.stage.fadeMask(this.stage.result !== null && !this.showsMask);
  }

  /** @param {boolean} shown */
  showBefore(shown) {
    this.stage.showsBefore = shown;
    byId("before", BUTTON).setAttribute("aria-pressed", String(shown));
    this.stage.redraw("photo", "lines");
  }

  toggleWipe() {
    this.wipe.toggle();
    byId("wipe-toggle", BUTTON).setAttribute("aria-pressed", String(this.wipe.isOpen));
  }

  toggleVariants() {
    const { element } = this.variants;
    element.hidden = this.variants.isOpen;
    byId("variants-toggle", BUTTON).setAttribute("aria-pressed", String(this.variants.isOpen));
    if (!this.variants.isOpen) this.variants.stop();
    else if (this.stage.result) this.compare();
  }

  /** Show other results of what is drawn. */
  compare() {
    this.variants.show(this.drawing, this.fills[this.photo]).catch((error) => this.failed(error));
  }

  /**
   * Set the brush: from two pixels to a third of the photo.
   *
   * @param {number} share 0 to 1, of the slider
   */
  resize(share) {
    const slider = byId("size", HTMLInputElement);
    const value = Math.max(0, Math.min(1, share));
    const { info } = this.stage;
    const largest = info ? Math.max(info.width, info.height) / 3 : 300;
    slider.value = String(100 * value);
    this.tools.size = Math.round(2 * (largest / 2) ** value);
    slider.setAttribute("aria-valuetext", `${this.tools.size} pixels`);
    byId("size-text", HTMLOutputElement).textContent = `${this.tools.size} px`;
    this.stage.redraw("cursor");
  }

  /** @param {number} step */
  stepSize(step) {
    this.resize(Number(byId("size", HTMLInputElement).value) / 100 + step);
  }

  /** @param {number} factor */
  zoom(factor) {
    const { at } = this.tools;
    this.stage.view.zoom(factor, at?.x, at?.y);
    this.stage.moved();
  }

  fit() {
    this.stage.view.fit();
    this.stage.moved();
  }

  /** @param {number} photo */
  turnTo(photo) {
    if (photo >= 0 && photo < this.session.photos.length) this.open(photo).catch((error) => this.failed(error));
  }

  clear() {
    const isMarked = this.stage.info?.masked || this.drawing.active.some((stroke) => stroke.tool !== "pencil" && stroke.tool !== "rubber");
    if (isMarked) this.add({ tool: "clear", points: [], width: 1, erase: false });
  }

  async save() {
    if (this.saving || !this.stage.info) return;
    this.saving = true;
    try {
      const files = await save(this.photo, this.drawing, (stage) => this.status.busy(stage));
      this.status.idle(files ? `Saved ${files[0]}` : "");
      this.drawings.store();
      this.#update();
      if (files) await showSaved();
    } catch (error) {
      this.failed(error);
    } finally {
      this.saving = false;
    }
  }

  async finish() {
    const unsaved = this.session.photos.filter((_, photo) => !this.drawings.all[photo].isSaved);
    try {
      if (!(await finishAll(unsaved))) return;
      this.status.idle("The program has ended. This tab can be closed.");
      for (const button of document.querySelectorAll("button")) button.disabled = true;
    } catch (error) {
      this.failed(error);
    }
  }

  showKeys() {
    return ask(byId("keys", HTMLDialogElement));
  }
}

history.replaceState(null, "", "/"); // the token has become a cookie; it need not stand in the address any longer
const page = new Page(await getJson("/api/session"));

bindButtons(page);
bindKeys(page);
page.turnTo(0);
